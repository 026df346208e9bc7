/**
 * Where the modules' data lie in their memory, and their functions in their table. The build links the
 * modules to these places, and checks that neither reaches into another's.
 */
export const LAYOUT = {
  /** Address of the family's data; below are the stack and the data of the core. */
  family: 0x110000,
  /** Address of the first tensor. */
  tensors: 0x120000,
  /** Place of the family's first function; before are the core's. */
  familyFunctions: 96,
  /** Places in the table. */
  functions: 224,
} as const;

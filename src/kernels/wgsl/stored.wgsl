// How attention keeps in workgroup memory what it multiplies: as it is.
alias Stored = vec4<f32>;
fn stored(x: vec4<f32>) -> Stored { return x; }
fn numbers(x: Stored) -> vec4<f32> { return x; }

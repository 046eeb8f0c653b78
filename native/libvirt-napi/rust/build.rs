//! Links the addon the way that Node expects.
fn main() {
    napi_build::setup();
}

//! Prepares the embedding of the browser application.
//!
//! Release builds embed `web/dist`, so they are built anew when it changes; other builds read it from disk. The folder
//! must be there when the program is compiled, or it would not be found when the application is built later.

fn main() {
    let dist = "../../web/dist";
    // Where it cannot be made, the binary is built without the application and its page says so.
    let _ = std::fs::create_dir_all(dist);
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rerun-if-changed={dist}");
    }
}

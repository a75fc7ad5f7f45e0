//! Prepares the embedding of the browser application, of the tracker, and of the widget.
//!
//! Release builds embed their `dist` folders, so they are built anew when these change; other builds read them from disk. The folders must be
//! there when the program is compiled, or what is built later would not be found.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for dist in ["../../web/dist", "../../tracker/dist", "../../widget/dist"] {
        // Where it cannot be made, the binary is built without what belongs there, and says so when it is asked for.
        let _ = std::fs::create_dir_all(dist);
        if std::env::var("PROFILE").as_deref() == Ok("release") {
            println!("cargo:rerun-if-changed={dist}");
        }
    }
}

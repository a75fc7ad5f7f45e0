//! Builds again when a migration is added: the compiler by itself only watches the files it has seen.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}

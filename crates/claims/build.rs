//! Rebuilds a release when the built web page changes; a debug build reads the page from disk.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo on standard output")]

fn main() {
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations");
    if release {
        println!("cargo:rerun-if-changed=../../web/dist");
    }
}

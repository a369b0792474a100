//! Turns `proto/` into Rust with protox, a compiler written in Rust: nobody has to install protoc.

use std::path::{Path, PathBuf};

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut files = protos(Path::new("proto"))?;
    files.sort();
    let descriptors = protox::compile(&files, ["proto"])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    let made = || tonic_prost_build::configure().codec_path("crate::service::CountingCodec");
    made().build_server(false).compile_fds(descriptors.clone())?;

    // Servers on their own, of the same messages; but rows of pages go out as they were encoded when they were made.
    let servers = out.join("servers");
    std::fs::create_dir_all(&servers)?;
    let mut made = made().build_client(false).out_dir(servers);
    for package in ["v1", "adapter.v1"] {
        let here = format!("crate::proto::{}", package.replace('.', "::"));
        made = made.extern_path(format!(".callgauge.{package}"), here);
    }
    for response in PAGED {
        let page = format!("crate::service::Page<crate::proto::v1::{response}>");
        made = made.extern_path(format!(".callgauge.v1.{response}"), page);
    }
    made.compile_fds(descriptors)?;
    Ok(())
}

/// Responses whose rows come in pages.
const PAGED: [&str; 6] = [
    "CompareOrganisationsResponse",
    "ListCallRecordsResponse",
    "ListIndicatorsResponse",
    "ListOrganisationsResponse",
    "QueryMetricsResponse",
    "RankOrganisationsResponse",
];

fn protos(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(protos(&path)?);
        } else if path.extension().is_some_and(|e| e == "proto") {
            found.push(path);
        }
    }
    Ok(found)
}

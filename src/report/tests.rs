use super::*;

mod fixture;

/// Writes the report in one format; with `NAMEPLATE_REPORT_DIR` set the file is kept there to be looked at.
fn written(format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&fixture::report(), format, &mut bytes).expect("writing to memory works");
    if let Some(folder) = std::env::var_os("NAMEPLATE_REPORT_DIR") {
        let path = std::path::Path::new(&folder).join(format!("report.{}", format.extension()));
        std::fs::write(path, &bytes).expect("the folder can be written to");
    }
    bytes
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(written(format), written(format), "{}", format.word());
    }
}

//! Advisory files from folders and archives: .json, .zip, .tar.gz, .tar.zst.

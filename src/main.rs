//! The program: everything it does is in the library; here stands only how it starts.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    nameplate::cli::main()
}

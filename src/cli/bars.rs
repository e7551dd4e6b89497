//! Progress bars on standard error, for stages that take longer than a second.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::services::progress::Progress;

/// A stage shorter than this shows no bar: it would only flicker.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many units pass between two looks at the clock, so that telling costs next to nothing.
const STRIDE: u64 = 512;

/// Shows one bar at a time on a terminal, and nothing when standard error is no terminal or quiet is asked for.
pub struct Bars {
    shown: bool,
    stage: Mutex<Option<Stage>>,
    n_done: AtomicU64,
}

struct Stage {
    name: String,
    total: Option<u64>,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Bars {
    pub fn new(quiet: bool) -> Bars {
        Bars { shown: !quiet && std::io::stderr().is_terminal(), stage: Mutex::new(None), n_done: AtomicU64::new(0) }
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &str, total: Option<u64>) {
        if !self.shown {
            return;
        }
        self.n_done.store(0, Ordering::Relaxed);
        if let Ok(mut current) = self.stage.lock() {
            *current = Some(Stage { name: stage.to_owned(), total, started: Instant::now(), bar: None });
        }
    }

    fn advance(&self, by: u64) {
        if !self.shown {
            return;
        }
        let before = self.n_done.fetch_add(by, Ordering::Relaxed);
        if by < STRIDE && before / STRIDE == (before + by) / STRIDE {
            return;
        }
        let Ok(mut current) = self.stage.lock() else { return };
        let Some(stage) = current.as_mut() else { return };
        if stage.bar.is_none() && stage.started.elapsed() >= PATIENCE {
            stage.bar = Some(bar(&stage.name, stage.total));
        }
        if let Some(bar) = &stage.bar {
            bar.set_position(before + by);
        }
    }

    fn end(&self) {
        if let Ok(mut current) = self.stage.lock()
            && let Some(Stage { bar: Some(bar), .. }) = current.take()
        {
            bar.finish_and_clear();
        }
    }
}

fn bar(name: &str, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), "{msg} {bar:30} {human_pos} of {human_len} {eta}"),
        None => (ProgressBar::no_length(), "{msg} {spinner} {human_pos}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    bar
}

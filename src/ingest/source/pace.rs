//! How fast requests follow each other, host by host.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Hosts that are remembered; those whose turn has come are forgotten beyond.
const MOST_HOSTS: usize = 1_000;

/// Gives each request its turn: no host is asked more often than once in an interval, and none that asked for silence
/// before it is over.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    next: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    /// At most `requests_per_second` for each host; 0 means no limit.
    pub fn new(requests_per_second: u32) -> Pace {
        let interval = Duration::from_secs(1).checked_div(requests_per_second).unwrap_or_default();
        Pace { interval, next: Mutex::new(HashMap::new()) }
    }

    /// Waits until it is this request's turn at the host.
    pub async fn wait(&self, host: &str) {
        let turn = {
            let mut next = self.lock();
            let now = Instant::now();
            if next.len() >= MOST_HOSTS {
                next.retain(|_, at| *at > now);
            }
            let turn = next.get(host).map_or(now, |at| (*at).max(now));
            next.insert(host.to_owned(), turn + self.interval);
            turn
        };
        sleep_until(turn).await;
    }

    /// Leaves the host in peace for this long.
    pub fn hold(&self, host: &str, wait: Duration) {
        let until = Instant::now() + wait;
        let mut next = self.lock();
        let turn = next.entry(host.to_owned()).or_insert(until);
        *turn = (*turn).max(until);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn elapsed_ms(pace: &Pace, hosts: &[&str]) -> u128 {
        let began = Instant::now();
        for host in hosts {
            pace.wait(host).await;
        }
        began.elapsed().as_millis()
    }

    #[tokio::test]
    async fn each_host_has_its_own_pace() {
        let pace = Pace::new(2);
        assert!(elapsed_ms(&pace, &["a", "b", "c"]).await < 450);
        assert!(elapsed_ms(&pace, &["b", "b"]).await >= 500);
        assert!(elapsed_ms(&Pace::new(0), &["a"; 100]).await < 450);
    }

    #[tokio::test]
    async fn a_host_that_asks_for_silence_gets_it() {
        let pace = Pace::new(0);
        pace.hold("a", Duration::from_millis(500));
        assert!(elapsed_ms(&pace, &["b"]).await < 450);
        assert!(elapsed_ms(&pace, &["a"]).await >= 100);
    }
}

//! How the owner hears of a change: the text of messages (pure), and the ways out of the house.

pub mod cef;
pub mod html;
pub mod mail;
pub mod message;
pub mod relay;
pub mod webhook;

use thiserror::Error;

/// Why a message did not go out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct SendError {
    pub problem: String,
    /// Trying again would give the same answer: the address does not exist, the recipient is gone.
    pub is_final: bool,
}

impl SendError {
    /// A failure after which another attempt may succeed.
    pub fn passing(problem: impl Into<String>) -> SendError {
        SendError { problem: problem.into(), is_final: false }
    }

    /// A failure that another attempt would not mend.
    pub fn lasting(problem: impl Into<String>) -> SendError {
        SendError { problem: problem.into(), is_final: true }
    }
}

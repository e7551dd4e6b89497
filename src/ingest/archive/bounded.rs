//! A reader that gives up instead of unpacking without end.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

/// Passes on at most a number of bytes; asked for more, it fails and remembers that.
pub struct Bounded<R> {
    head: Cursor<Vec<u8>>,
    inner: R,
    limit_bytes: u64,
    left_bytes: u64,
    exceeded: Rc<Cell<bool>>,
}

impl<R: Read> Bounded<R> {
    pub fn new(inner: R, limit_bytes: u64) -> Bounded<R> {
        let exceeded = Rc::new(Cell::new(false));
        Bounded { head: Cursor::new(Vec::new()), inner, limit_bytes, left_bytes: limit_bytes, exceeded }
    }

    /// Puts bytes that were read (and counted) already back in front.
    pub fn with_head(self, head: Vec<u8>) -> Bounded<R> {
        Bounded { head: Cursor::new(head), ..self }
    }

    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    pub fn left_bytes(&self) -> u64 {
        self.left_bytes
    }

    /// Whether the bound was reached with bytes left over; stays in reach when the reader is given away.
    pub fn exceeded(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.exceeded)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.head.read(buffer)?;
        if n > 0 || buffer.is_empty() {
            return Ok(n);
        }
        let n = self.inner.read(buffer)?;
        match self.left_bytes.checked_sub(n as u64) {
            Some(left_bytes) => {
                self.left_bytes = left_bytes;
                Ok(n)
            }
            None => {
                self.exceeded.set(true);
                Err(io::Error::other("unpacks to more than is allowed"))
            }
        }
    }
}

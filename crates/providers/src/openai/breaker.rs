//! Spares a server that cannot be reached, and its callers the wait: after several failures in a row requests fail at
//! once, until one that is let through succeeds.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row that open it.
const FAILURES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct Breaker {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// When the next request may try, once it is open.
    next: Option<Instant>,
}

impl Breaker {
    /// Lets a request through, or says how long to wait. Of those that come when the pause is over one is let through;
    /// the others wait for another pause.
    pub fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.next {
            Some(next) if now < next => Err(next - now),
            Some(_) => {
                state.next = Some(now + state.pause());
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The server answered, whatever it said.
    pub fn answered(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// The server could not be reached, or did not answer.
    pub fn failed(&self, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.next = Some(now + state.pause());
        }
    }
}

impl State {
    /// Twice as long with each failure after the first that counted.
    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(FAILURES).min(8);
        (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_lets_one_try_and_closes_when_that_succeeds() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..FAILURES - 1 {
            breaker.failed(start);
        }
        breaker.answered();
        for _ in 0..FAILURES - 1 {
            breaker.failed(start);
            assert_eq!(breaker.admit(start), Ok(()));
        }
        breaker.failed(start);
        assert_eq!(breaker.admit(start), Err(FIRST_PAUSE));
        assert_eq!(breaker.admit(at(1)), Ok(()), "one may try");
        assert_eq!(breaker.admit(at(1)), Err(FIRST_PAUSE), "the others wait");
        breaker.failed(at(1));
        assert_eq!(breaker.admit(at(2)), Err(Duration::from_secs(1)), "twice as long");
        assert_eq!(breaker.admit(at(3)), Ok(()));
        breaker.answered();
        assert_eq!(breaker.admit(at(3)), Ok(()));
        for _ in 0..100 {
            breaker.failed(at(3));
        }
        assert_eq!(breaker.admit(at(3)), Err(LONGEST_PAUSE));
    }
}

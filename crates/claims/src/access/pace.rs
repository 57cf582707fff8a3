//! How many requests one caller may make.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::RateLimit;

/// Callers remembered; those who have been quiet are forgotten when there are more.
const MOST_CALLERS: usize = 10_000;

pub(super) struct Pace {
    limiter: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
}

impl Pace {
    pub fn new(limit: RateLimit) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(limit.per_second)).allow_burst(at_least_one(limit.burst));
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Counts one request of this caller; how long to wait when it is one too many.
    pub fn count(&self, caller: &str) -> Result<(), Duration> {
        if self.limiter.len() > MOST_CALLERS {
            self.limiter.retain_recent();
        }
        let counted = self.limiter.check_key(&caller.to_owned());
        counted.map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_burst_of_its_own_and_then_waits() {
        let pace = Pace::new(RateLimit { per_second: 1, burst: 3 });
        for _ in 0..3 {
            assert_eq!(pace.count("ann"), Ok(()));
        }
        let wait = pace.count("ann").expect_err("one too many");
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(pace.count("bob"), Ok(()));
    }
}

//! Work shared by a few threads: each takes the next piece when it is done with one, and keeps a state of its own.

use crate::error::Result;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Works through all pieces on so many threads and returns the states of the threads, one or more.
///
/// The first failure stops the others at their next piece.
pub(crate) fn share<T: Sync, S: Send>(
    pieces: &[T],
    threads: usize,
    make: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> Result<()> + Sync,
) -> Result<Vec<S>> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let run = || {
        let mut state = make();
        while !failed.load(Ordering::Relaxed)
            && let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed))
        {
            work(&mut state, piece).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
        }
        Ok(state)
    };
    let threads = threads.clamp(1, pieces.len().max(1));
    if threads == 1 {
        return Ok(vec![run()?]);
    }
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let join =
            |worker: std::thread::ScopedJoinHandle<'_, _>| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        workers.into_iter().map(join).collect()
    })
}

/// Returns how many threads the machine runs at once.
pub(crate) fn machine_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::LedgerError;

    #[test]
    fn every_piece_is_done_once() {
        let pieces: Vec<u64> = (0..100).collect();
        for threads in [0, 1, 3, 200] {
            let sums = share(
                &pieces,
                threads,
                || 0,
                |sum, piece| {
                    *sum += piece;
                    Ok(())
                },
            )
            .expect("works");
            assert_eq!(sums.iter().sum::<u64>(), 4950);
        }
        assert_eq!(share(&pieces[..0], 4, || 7, |_, _| Ok(())).expect("works"), [7]);
    }

    #[test]
    fn a_failure_is_told() {
        let failure = || LedgerError::Busy { dir: "here".into() };
        for threads in [1, 2] {
            let outcome = share(&[1, 2, 3], threads, || (), |(), piece| if *piece == 2 { Err(failure()) } else { Ok(()) });
            assert!(matches!(outcome, Err(LedgerError::Busy { .. })));
        }
    }
}

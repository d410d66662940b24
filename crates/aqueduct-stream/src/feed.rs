//! A source pulled by a task.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::unit::poll_proceed;

use crate::crew::Payload;
use crate::flow::Flow;
use crate::outlet::Fill;
use crate::source::{Pull, Source};

/// How a pull of a chunk went.
#[must_use = "a source that panicked must be told of"]
pub(crate) enum Pulled {
    More,
    End,
    /// What was pushed before that is in the chunk. The source must not be pulled again.
    Panicked(Payload),
}

impl Pulled {
    /// Whether there is more, once what came has been handed on.
    ///
    /// # Panics
    ///
    /// If the source did, with its panic.
    pub(crate) fn goes_on(self) -> bool {
        match self {
            Self::More => true,
            Self::End => false,
            Self::Panicked(payload) => resume_unwind(payload),
        }
    }
}

/// Fills an empty buffer with what is there, up to a length: one pull, if that brings something (P7).
pub(crate) async fn pull_chunk<S: Source>(
    mut source: Pin<&mut Flow<S>>,
    chunk: &mut Vec<S::Item>,
    len_max: usize,
) -> Pulled {
    poll_fn(|cx| poll_chunk(source.as_mut(), cx, chunk, len_max)).await
}

fn poll_chunk<S: Source>(
    mut source: Pin<&mut Flow<S>>,
    cx: &mut Context<'_>,
    chunk: &mut Vec<S::Item>,
    len_max: usize,
) -> Poll<Pulled> {
    loop {
        let coop = ready!(poll_proceed(cx));
        // A source that has panicked is not pulled again.
        let pulled = catch_unwind(AssertUnwindSafe(|| {
            let mut fill = Fill::up_to(chunk, len_max);
            source.as_mut().poll_pull(cx, &mut fill)
        }));
        let pull = match pulled {
            Ok(Poll::Ready(pull)) => pull,
            Ok(Poll::Pending) if chunk.is_empty() => return Poll::Pending,
            // A wait that has begun is found again by the next pull.
            Ok(Poll::Pending) => Pull::More,
            Err(payload) => return Poll::Ready(Pulled::Panicked(payload)),
        };
        coop.made_progress();
        match pull {
            Pull::End => return Poll::Ready(Pulled::End),
            Pull::More if !chunk.is_empty() => return Poll::Ready(Pulled::More),
            Pull::More => {}
        }
    }
}

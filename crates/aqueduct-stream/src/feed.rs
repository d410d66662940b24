//! A source pulled by a task.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::rt::poll_proceed;

use crate::flow::Flow;
use crate::outlet::Fill;
use crate::source::{Pull, Source};

/// Fills an empty buffer with what is there, up to a length: one pull, if that brings something (P7).
pub(crate) async fn pull_chunk<S: Source>(
    mut source: Pin<&mut Flow<S>>,
    chunk: &mut Vec<S::Item>,
    len_max: usize,
) -> Pull {
    poll_fn(|cx| poll_chunk(source.as_mut(), cx, chunk, len_max)).await
}

fn poll_chunk<S: Source>(
    mut source: Pin<&mut Flow<S>>,
    cx: &mut Context<'_>,
    chunk: &mut Vec<S::Item>,
    len_max: usize,
) -> Poll<Pull> {
    loop {
        let coop = ready!(poll_proceed(cx));
        let pulled = source
            .as_mut()
            .poll_pull(cx, &mut Fill::up_to(chunk, len_max));
        if chunk.is_empty() {
            let pull = ready!(pulled);
            coop.made_progress();
            if pull == Pull::End {
                return Poll::Ready(Pull::End);
            }
            continue;
        }
        coop.made_progress();
        // A wait that has begun is found again by the next pull.
        return match pulled {
            Poll::Ready(pull) => Poll::Ready(pull),
            Poll::Pending => Poll::Ready(Pull::More),
        };
    }
}

//! Writers of batches. An `X` makes its batch fail, for good.

use std::sync::Arc;

use aqueduct_stream::write::{AckError, FeedError, WriteError};

use crate::kit::paced::{Pace, play_batches, play_paced};
use crate::kit::{Mark, paused};

impl Mark for WriteError<char, FeedError<char>> {
    /// What was not written.
    fn mark(&self) -> String {
        self.batch.mark()
    }
}

impl Mark for AckError<()> {
    fn mark(&self) -> String {
        match self {
            Self::Closed(()) => "c",
            Self::Failed => "f",
        }
        .to_owned()
    }
}

/// What the sink takes for a batch, how many items may be with it, what comes, and what goes on.
const CHECKPOINTS: &[(u32, usize, &str, &str)] = &[
    (0, 9, "|", "|"),
    (0, 9, "ab-(cd)-|", "ab-(cd)-|"),
    (0, 9, "(ab|)", "(ab|)"),
    (0, 9, "--a", "--a"),
    // Each item when its batch is written. What comes meanwhile is the next batch.
    (2, 9, "a|", "--(a|)"),
    (2, 9, "abc------|", "--a-b-c--|"),
    (3, 9, "abc------|", "---a--(bc)--|"),
    (2, 9, "(abc)--d|", "--(abc)--(d|)"),
    // Its end is behind all.
    (3, 9, "ab|", "---a--(b|)"),
    (2, 9, "a-", "--a"),
    // No more than so many are with it, and the rest stays in the source.
    (2, 1, "(abc)|", "--a-b-(c|)"),
    (2, 2, "(abcde)-|", "--(ab)-(cd)-(e|)"),
];

#[test]
fn checkpoint() {
    let play = |takes, len_max: usize, input| {
        let pace = Pace {
            takes,
            batch_len: 9,
        };
        [
            paused(play_paced(pace, input, |s, writer| {
                s.checkpoint(writer, len_max)
            })),
            paused(play_paced(pace, input, |s, writer| {
                s.checkpoint_by_ref(Arc::new(writer), len_max)
            })),
        ]
    };
    for (takes, len_max, input, output) in CHECKPOINTS {
        let played = play(*takes, *len_max, input);
        assert_eq!(played, [*output; 2], "of {input}, {len_max} at a time");
    }
    // An error is the last item. The writer's own has what was not written; one that is lent keeps it.
    for (takes, len_max, input, output, lent) in [
        (0, 9, "a-X-b|", "a-(![X]|)", "a-(!f|)"),
        (2, 9, "a(bX)c-|", "--a-(![bXc]|)", "--a-(!f|)"),
        (2, 9, "X|", "--(![X]|)", "--(!f|)"),
        (2, 1, "(aX)-b|", "--a-(![X]|)", "--a-(!f|)"),
    ] {
        assert_eq!(play(takes, len_max, input), [output, lent], "of {input}");
    }
}

/// What the sink takes for a batch, how many make one, what comes, and what is written when.
const BATCHES: &[(u32, usize, &str, &str)] = &[
    (0, 2, "|", "|"),
    // Full batches, and at the end what is left.
    (0, 2, "ab-(cd)-|", "-[ab]-[cd]-|"),
    (0, 2, "a-b-c|", "--[ab]--([c]|)"),
    (0, 2, "(abcde)-|", "([ab][cd])-([e]|)"),
    (0, 9, "abc|", "---([abc]|)"),
    (0, 1, "a--", "[a]"),
    (0, 2, "a--", ""),
    // What comes while a batch is written is in the next.
    (3, 2, "(ab)cd|", "---[ab]--([cd]|)"),
    (3, 2, "(ab)cde|", "---[ab]--[cd]--([e]|)"),
    (2, 3, "(ab|)", "--([ab]|)"),
    // One that fails is the end, however much there is.
    (0, 2, "a-X-b|", "--!"),
    (2, 2, "(ab)(Xc)d|", "--[ab]-!"),
    (0, 9, "aX|", "--!"),
];

#[test]
fn write_batches() {
    for (takes, batch_len, input, output) in BATCHES {
        let pace = Pace {
            takes: *takes,
            batch_len: *batch_len,
        };
        let own = paused(play_batches(pace, input, async |s, writer| {
            s.write_batches(writer).await
        }));
        let lent = paused(play_batches(pace, input, async |s, writer| {
            s.write_batches_by_ref(&writer).await
        }));
        assert_eq!(
            [own, lent],
            [*output; 2],
            "of {input}, {batch_len} at a time"
        );
    }
}

//! What is wrong with a spec, found before anything starts.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::{AutoShutdown, ChildId, ChildPolicy, Plan, Restart, Strategy};

/// A spec that cannot be followed: which field, of which child, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    field: SpecField,
    child: Option<ChildId>,
    problem: &'static str,
    remedy: &'static str,
}

/// Which part of a spec a [`SpecError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpecField {
    /// A child's id.
    Id,
    /// Whether a child is significant.
    Significant,
    /// When the supervisor ends by itself.
    AutoShutdown,
    /// How long a restart counts.
    IntensityPeriod,
    /// How long a child may take to start.
    StartTimeout,
    /// The children that are there from the beginning.
    Children,
}

impl SpecError {
    fn of_child(
        field: SpecField,
        child: &ChildPolicy,
        problem: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self {
            field,
            child: Some(child.id.clone()),
            problem,
            remedy,
        }
    }

    fn of_supervisor(field: SpecField, problem: &'static str, remedy: &'static str) -> Self {
        Self {
            field,
            child: None,
            problem,
            remedy,
        }
    }

    /// The field that is wrong.
    #[must_use]
    pub fn field(&self) -> SpecField {
        self.field
    }

    /// The child whose field it is; `None` is the supervisor itself.
    #[must_use]
    pub fn child(&self) -> Option<&ChildId> {
        self.child.as_ref()
    }
}

/// Is there anything wrong with the supervisor, children aside?
pub(super) fn check_supervisor(plan: &Plan) -> Result<(), SpecError> {
    if plan.intensity.period == Duration::ZERO {
        return Err(SpecError::of_supervisor(
            SpecField::IntensityPeriod,
            "it is zero, so that no restart would ever count",
            "give the time for which a restart counts, e.g. 5 s",
        ));
    }
    if plan.strategy == Strategy::Dynamic && plan.auto_shutdown != AutoShutdown::Never {
        return Err(SpecError::of_supervisor(
            SpecField::AutoShutdown,
            "a dynamic supervisor has no significant children",
            "leave it at Never, and let the parent decide",
        ));
    }
    Ok(())
}

/// Is there anything wrong with a child, below a supervisor of this plan?
pub(crate) fn check_child(plan: &Plan, child: &ChildPolicy) -> Result<(), SpecError> {
    if child.id.as_str().is_empty() {
        return Err(SpecError::of_child(
            SpecField::Id,
            child,
            "it is empty",
            "give each child a name",
        ));
    }
    if child.significant {
        let (problem, remedy) = if plan.strategy == Strategy::Dynamic {
            (
                "a dynamic supervisor has no significant children",
                "take it off, or put the child below a one_for_one supervisor",
            )
        } else if plan.auto_shutdown == AutoShutdown::Never {
            (
                "the supervisor never ends by itself",
                "take it off, or set AutoShutdown::Any or All",
            )
        } else if child.restart == Restart::Permanent {
            (
                "a permanent child never ends for good",
                "take it off, or make the child transient or temporary",
            )
        } else {
            ("", "")
        };
        if !problem.is_empty() {
            return Err(SpecError::of_child(
                SpecField::Significant,
                child,
                problem,
                remedy,
            ));
        }
    }
    if child.start_timeout == Some(Duration::ZERO) {
        return Err(SpecError::of_child(
            SpecField::StartTimeout,
            child,
            "it is zero, so that no start would be in time",
            "give the time that a start may take, or none for no limit",
        ));
    }
    Ok(())
}

/// Is there anything wrong with the supervisor or the children that it begins with?
pub(crate) fn check_children(plan: &Plan, children: &[ChildPolicy]) -> Result<(), SpecError> {
    check_supervisor(plan)?;
    if plan.strategy == Strategy::Dynamic && !children.is_empty() {
        return Err(SpecError::of_supervisor(
            SpecField::Children,
            "a dynamic supervisor begins without children",
            "start them once it runs",
        ));
    }
    let mut ids = HashSet::with_capacity(children.len());
    for child in children {
        check_child(plan, child)?;
        if !ids.insert(&child.id) {
            return Err(SpecError::of_child(
                SpecField::Id,
                child,
                "two children have it",
                "give each child a name of its own",
            ));
        }
    }
    Ok(())
}

impl fmt::Display for SpecField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::Significant => "significant",
            Self::AutoShutdown => "auto_shutdown",
            Self::IntensityPeriod => "intensity.period",
            Self::StartTimeout => "start_timeout",
            Self::Children => "children",
        })
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            child,
            problem,
            remedy,
        } = self;
        match child {
            Some(child) => write!(f, "child {child:?}, field {field}: {problem}; {remedy}"),
            None => write!(f, "supervisor, field {field}: {problem}; {remedy}"),
        }
    }
}

impl Error for SpecError {}

//! Faults in the orders: in the model of memory, and in what the library does there.

use super::Planted;

pub const FAULTS: [Planted; 20] = [
    Planted::fault(
        "a call fences by a release fence alone",
        "Accesses",
        &[(
            "sc_fence g (fence_before a x) /\\ sequenced",
            "(kind_of g (fence_before a x) = Fencing /\\ mode_of g (fence_before a x) = AcqRel) /\\ sequenced",
        )],
        "Visible.runs_see_callers",
    ).usual(),
    Planted::fault(
        "a start fences by an acquire fence alone",
        "Accesses",
        &[(
            "sc_fence g (fence_after a x) /\\ sequenced",
            "(kind_of g (fence_after a x) = Fencing /\\ mode_of g (fence_after a x) = AcqRel) /\\ sequenced",
        )],
        "Visible.runs_see_callers",
    ),
    Planted::fault(
        "a call fences after it has looked",
        "Accesses",
        &[(
            "sequenced g (fence_before a x) x.",
            "sequenced g x (fence_before a x).",
        )],
        "Visible.runs_see_callers",
    ),
    Planted::fault(
        "a start fences before it",
        "Accesses",
        &[(
            "sequenced g x (fence_after a x);",
            "sequenced g (fence_after a x) x;",
        )],
        "Visible.runs_see_callers",
    ),
    Planted::fault(
        "a finish is relaxed",
        "Accesses",
        &[(
            "finishes_a_run x -> is_release (mode_of g x)",
            "finishes_a_run x -> mode_of g x = Relaxed",
        )],
        "Visible.finishes_publish",
    ),
    Planted::fault(
        "a plain store to the word",
        "Accesses",
        &[(
            "    (kind_of g w = Updating /\\ exists t p e o, deed_of a w = Decides t p e o);",
            "    (writes g w /\\ exists t p e o, deed_of a w = Decides t p e o);",
        )],
        "Visible.is_swapped_only",
    ).usual(),
    Planted::fault(
        "a thread does two things at once",
        "Accesses",
        &[(
            "x = y \\/ follows x y \\/ follows y x;",
            "x = y \\/ True;",
        )],
        "OneOrder.holds_its_guard",
    ),
    Planted::fault(
        "a waiter is not counted",
        "Accesses",
        &[(
            "leaves g w = finds g w + 1;",
            "leaves g w = finds g w;",
        )],
        "Heard.the_number_counts",
    ),
    Planted::fault(
        "a waiter fences before it registers",
        "Orders",
        &[(
            "happens_before g registered register ->",
            "happens_before g register registered ->",
        )],
        "Heard.no_wake_up_is_lost",
    ).usual(),
    Planted::fault(
        "a mover looks for waiters before it fences",
        "Orders",
        &[(
            "happens_before g notify found ->",
            "happens_before g found notify ->",
        )],
        "Heard.no_wake_up_is_lost",
    ),
    Planted::fault(
        "a waiter fences by a release fence alone",
        "Orders",
        &[(
            "sc_fence g register ->",
            "kind_of g register = Fencing ->",
        )],
        "Heard.no_wake_up_is_lost",
    ),
    Planted::fault(
        "a call is counted by a release alone",
        "Orders",
        &[(
            "mode_of g added = AcqRel ->",
            "mode_of g added = Release ->",
        )],
        "Visible.counted_or_started",
    ),
    Planted::fault(
        "a call is counted by an acquire alone",
        "Orders",
        &[(
            "mode_of g added = AcqRel ->",
            "mode_of g added = Acquire ->",
        )],
        "Visible.counted_or_started",
    ),
    Planted::fault(
        "a number is taken by a relaxed exchange",
        "Orders",
        &[(
            "is_acquire (mode_of g taken) ->",
            "mode_of g taken = Relaxed ->",
        )],
        "Visible.counted_or_started",
    ),
    Planted::fault(
        "a run sees also calls that looked after its start",
        "Accesses",
        &[(
            "modified g (write_of x) b.",
            "modified g b (write_of x).",
        )],
        "Visible.later_is_observed",
    ),
    Planted::fault(
        "no coherence",
        "Memory",
        &[(
            "coherent : forall a b, happens_before a b -> ~ observed b a;",
            "coherent : forall a b, happens_before a b -> ~ happens_before b a;",
        )],
        "Visible.sees_what_came_before",
    ),
    Planted::fault(
        "no order of SC fences",
        "Memory",
        &[(
            "~ clos_trans act fenced a a;",
            "~ happens_before a a;",
        )],
        "Visible.store_buffering",
    ),
    Planted::fault(
        "an update does not read the latest write",
        "Memory",
        &[(
            "forall w, modified (from g u) w -> ~ modified w u;",
            "forall w, modified (from g u) w -> ~ modified w (from g u);",
        )],
        "Visible.update_after",
    ),
    Planted::fault(
        "a release ends at the next update",
        "Memory",
        &[(
            "kind_of g u = Updating -> release_sequence a (from g u) -> release_sequence",
            "kind_of g u = Fencing -> release_sequence a (from g u) -> release_sequence",
        )],
        "Visible.updates_continue",
    ),
    Planted::fault(
        "a run misses a call although the fences are SC",
        "Weak",
        &[("if fences_are_sc then SeqCst else AcqRel", "SeqCst")],
        "Weak.fences_are_in_order",
    ),
];

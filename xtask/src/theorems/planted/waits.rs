//! Faults in the model: in the fast path, in waiting, and in retries.

use super::Planted;

pub const FAULTS: [Planted; 11] = [
    Planted::fault(
        "the fast path coalesces into a cancelled run",
        "Protocol",
        &[("d (the_word s) = pending ->", "d (the_word s) = pending \\/ d (the_word s) = cancelled ->")],
        "Safety.recorded",
    ),
    Planted::fault(
        "the fast path coalesces into an owed run",
        "Protocol",
        &[("d (the_word s) = pending ->", "d (the_word s) = pending \\/ d (the_word s) = owed ->")],
        "Safety.coalesced",
    ),
    Planted::fault(
        "a finished run notifies nobody",
        "Waiting",
        &[("| Moved _ _ (finish _) _ _ Finished => true", "| Moved _ _ (finish _) _ _ Finished => false")],
        "Sleep.reason_stays",
    )
    .usual(),
    Planted::fault(
        "a cancel notifies nobody",
        "Waiting",
        &[("| Moved _ _ cancel _ _ Yes => true", "| Moved _ _ cancel _ _ Yes => false")],
        "Sleep.reason_stays",
    ),
    Planted::fault(
        "a start in place of the owner notifies nobody",
        "Waiting",
        &[("| Moved _ _ _ before _ Run => owned before", "| Moved _ _ _ before _ Run => false")],
        "Sleep.reason_stays",
    ),
    Planted::fault(
        "a changed threshold notifies nobody",
        "Waiting",
        &[("to (fun t => hears (attention_of c t))).", "to (attention_of c)).")],
        "Sleep.a_course_is_calm",
    ),
    Planted::fault(
        "an owner falls asleep although it was notified since it looked",
        "Waiting",
        &[("match a with Looks _ _ false => how", "match a with Looks _ _ _ => how")],
        "Sleep.a_course_is_calm",
    ),
    Planted::fault(
        "an owner that looks does not hear a notification",
        "Waiting",
        &[("Looks now thr _ => Looks now thr true", "Looks now thr heard => Looks now thr heard")],
        "Sleep.a_course_is_calm",
    ),
    Planted::fault(
        "an owner that is early sleeps without a timer",
        "Waiting",
        &[("(sleeps (attends t) (Until (due p before)))", "(sleeps (attends t) UntilNotified)")],
        "Sleep.a_course_is_calm",
    ),
    Planted::fault(
        "a swap does not compare",
        "Retries",
        &[("the_word (memory x) = seen a ->", "seen a = seen a ->")],
        "Retried.retries",
    ),
    Planted::fault(
        "a thread decides by what it loaded before it had this guard",
        "Retries",
        &[(
            "lost (memory x) t = false -> attempts x t = None) ->",
            "lost (memory x) t = true -> attempts x t = None) ->",
        )],
        "Retried.attempts_are_sound",
    ),
];

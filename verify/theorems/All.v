(** Each promise of [Promises.v] and of [Orders.v], with the name of its proof. Nothing is assumed. *)
Require Import Promises Table Safety Liveness Sleep Woken Retried Range.
Require Import Orders Visible OneOrder Covered Heard.

Definition kept_table_total : table_total := the_table_is_total.
Definition kept_table_deterministic : table_deterministic := the_table_is_deterministic.
Definition kept_G1 : G1 := spacing.
Definition kept_G2 : G2 := excluded.
Definition kept_G2_lease : G2_lease := excluded_or_superseded.
Definition kept_G2_guard : G2_guard := run_has_living_guard.
Definition kept_G2_guard_lease : G2_guard_lease := run_has_guard.
Definition kept_G3 : G3 := covered.
Definition kept_calls_adopt : calls_adopt := adopted.
Definition kept_G4 : G4 := deferral_has_owner.
Definition kept_G4_living : G4_living := deferral_has_living_owner.
Definition kept_coalesced_into_owned : coalesced_into_owned := coalesced.
Definition kept_old_guards_are_inert : old_guards_are_inert := old_guards.
Definition kept_owner_starts : owner_starts := the_owner_starts.
Definition kept_arrival_starts : arrival_starts := an_arrival_starts.
Definition kept_run_finishes : run_finishes := a_run_finishes.
Definition kept_arrival_supersedes : arrival_supersedes := an_arrival_supersedes.
Definition kept_G5 : G5 := fair_executions_settle.
Definition kept_sleeps_for_a_reason : sleeps_for_a_reason := who_sleeps_has_a_reason.
Definition kept_G5_waking : G5_waking := woken_in_time.
Definition kept_G5_lease : G5_lease := leased_executions_settle.
Definition kept_retries_change_nothing : retries_change_nothing := retries.
Definition kept_orders_are_one : orders_are_one := one_order.
Definition kept_orders_show : orders_show := runs_see_callers.
Definition kept_orders_cover : orders_cover := calls_are_covered.
Definition kept_orders_hand_over : orders_hand_over := movers_happen_before.
Definition kept_orders_exclude : orders_exclude := runs_are_apart.
Definition kept_orders_publish : orders_publish := finishes_publish.
Definition kept_orders_wake : orders_wake := no_wake_up_is_lost.
Definition kept_orders_count : orders_count := counted_or_started.

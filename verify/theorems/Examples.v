(** What is promised speaks of something: a trailing run, a run that is superseded, and an endless story that
    meets every assumption of G5. *)
From Coq Require Import Lia Arith.
Require Import Promises RowFacts Invariant Safety.

Definition every_10 := mk_policy 10 None.
Definition leased := mk_policy 10 (Some 30).
Definition no_window := mk_policy 0 (Some 30).

(** A condition of a row, for given numbers. *)
Ltac computes := first [reflexivity | left; reflexivity | right; reflexivity | vm_compute; discriminate].
Ltac a_row := solve [constructor; computes].

(** What a move leaves. *)
Definition after (s : system) (m : move) : system :=
  match m with
  | Moved t _ _ _ w' o => mk_system w' (update (guards s) t (keeps (guards s t) o w')) (lost s)
  | Loses t => mk_system (the_word s) (guards s) (update (lost s) t true)
  | Hands t u => mk_system (the_word s) (update (update (guards s) u (guards s t)) t Idle) (lost s)
  | Coalesces _ _ | Passes => s
  end.

Fixpoint outcome (moves : list move) : system :=
  match moves with [] => initial | m :: moves => after (outcome moves) m end.

Ltac a_move := lazymatch goal with
  | |- step ?s (Moved ?t ?p ?e _ ?w' ?o) _ => apply (one_row s t p e w' o); [reflexivity|computes|a_row]
  | |- step _ (Coalesces _ _) _ => apply one_load; reflexivity
  | |- step _ (Hands _ _) _ => apply hand_over; reflexivity
  | |- step _ (Loses _) _ => apply lose
  | |- step _ Passes _ => apply pass
  end.
Ltac plays := lazymatch goal with
  | |- execution [] _ => apply begins
  | |- execution (?m :: ?moves) _ => apply (goes_on moves (outcome moves) m); [plays|a_move]
  end.

Definition a_trailing_run : list move := [
  Moved 1%nat every_10 (fire 5 15) (mk_word 5 pending false) (mk_word 15 none true) Run;
  Moved 0%nat every_10 (finish 5) (mk_word 5 pending true) (mk_word 5 pending false) Finished;
  Coalesces 2%nat (mk_word 5 pending true);
  Moved 1%nat every_10 (arrive 6) (mk_word 5 none true) (mk_word 5 pending true) Defer;
  Moved 0%nat every_10 (arrive 5) new (mk_word 5 none true) Run ].

Example trailing : execution a_trailing_run (outcome a_trailing_run) /\ guards (outcome a_trailing_run) 1%nat
  = Runs 15.
Proof. split; [unfold a_trailing_run; plays|reflexivity]. Qed.

(** The guard of a run is lost, and another run supersedes it. Its owner looks again in vain before. *)
Definition a_superseded_run : list move := [
  Moved 1%nat leased (arrive_under 35) (mk_word 5 pending true) (mk_word 35 none true) Run;
  Moved 1%nat leased (arrive_under 20) (mk_word 5 pending true) (mk_word 5 pending true) Coalesced;
  Moved 1%nat leased (arrive_under 9) (mk_word 5 none true) (mk_word 5 pending true) Defer;
  Loses 0%nat;
  Moved 0%nat leased (arrive_under 5) new (mk_word 5 none true) Run ].

Example superseded : execution a_superseded_run (outcome a_superseded_run) /\
  guards (outcome a_superseded_run) 0%nat = Runs 5 /\ guards (outcome a_superseded_run) 1%nat = Runs 35.
Proof. split; [unfold a_superseded_run; plays|split; reflexivity]. Qed.

(** The guard of a run is lost, and another thread finishes that run ([finish_lost]). *)
Definition a_lost_run : list move := [
  Moved 1%nat every_10 (finish 5) (mk_word 5 none true) (mk_word 5 none false) Finished;
  Hands 0%nat 1%nat;
  Loses 0%nat;
  Moved 0%nat every_10 (arrive 5) new (mk_word 5 none true) Run ].

Example lost_run : execution a_lost_run (outcome a_lost_run) /\ guards (outcome a_lost_run) 1%nat = Idle.
Proof. split; [unfold a_lost_run; plays|reflexivity]. Qed.

(** A run whose lease is over goes on beside one that started at a time, 10, before that lease was over, at
    35: the clock went back, there is no window, and the run between the two has finished. By its stamp, 36,
    the younger one is later by the lease, as [G2_lease] says. *)
Definition a_late_neighbour : list move := [
  Moved 1%nat no_window (arrive_under 10) (mk_word 35 none false) (mk_word 36 none true) Run;
  Moved 1%nat no_window (finish 35) (mk_word 35 none true) (mk_word 35 none false) Finished;
  Moved 1%nat no_window (arrive_under 35) (mk_word 5 none true) (mk_word 35 none true) Run;
  Moved 0%nat no_window (arrive_under 5) new (mk_word 5 none true) Run ].

Example late_neighbour : execution a_late_neighbour (outcome a_late_neighbour) /\
  guards (outcome a_late_neighbour) 0%nat = Runs 5 /\ guards (outcome a_late_neighbour) 1%nat = Runs 36.
Proof. split; [unfold a_late_neighbour; plays|split; reflexivity]. Qed.

(** * An endless story in which a run is pending, and every assumption of G5 holds *)

(** The owner finds a run in progress and sleeps, is notified and finds the window closed, sleeps again, wakes
    by its timer, and runs. *)
Definition script (n : nat) : happening :=
  match n with
  | 0%nat => Does (Moved 0%nat every_10 (arrive 5) new (mk_word 5 none true) Run)
  | 1%nat => Does (Moved 1%nat every_10 (arrive 6) (mk_word 5 none true) (mk_word 5 pending true) Defer)
  | 2%nat => Ticks 6
  | 3%nat => Reads 1%nat
  | 4%nat => Does (Moved 1%nat every_10 (fire 5 6) (mk_word 5 pending true) (mk_word 5 pending true) Busy)
  | 5%nat => Does (Moved 0%nat every_10 (finish 5) (mk_word 5 pending true) (mk_word 5 pending false)
    Finished)
  | 6%nat => Reads 1%nat
  | 7%nat => Does (Moved 1%nat every_10 (fire 5 6) (mk_word 5 pending false) (mk_word 5 pending false) Early)
  | 8%nat => Ticks 15
  | 9%nat => Wakes 1%nat
  | 10%nat => Reads 1%nat
  | 11%nat => Does (Moved 1%nat every_10 (fire 5 15) (mk_word 5 pending false) (mk_word 15 none true) Run)
  | 12%nat => Does (Moved 1%nat every_10 (finish 15) (mk_word 15 none true) (mk_word 15 none false) Finished)
  | _ => Ticks 15
  end.

Definition next (c : scene) (x : happening) : scene :=
  match x with
  | Does m => mk_scene (after (system_of c) m) (clock c) (set_to c) (then_waits m
      (if notifies m then fun t => hears (attention_of c t) else attention_of c))
  | Reads t => mk_scene (system_of c) (clock c) (set_to c)
      (update (attention_of c) t (Looks (clock c) (set_to c) false))
  | Wakes t => mk_scene (system_of c) (clock c) (set_to c) (update (attention_of c) t Awake)
  | Ticks to => mk_scene (system_of c) to (set_to c) (attention_of c)
  | Sets to => mk_scene (system_of c) (clock c) to (fun t => hears (attention_of c t))
  end.

Fixpoint scenes (n : nat) : scene := match n with O => opening 10 | S n => next (scenes n) (script n) end.

Definition a_night : story := mk_story scenes script.

(** The first scenes one by one, and all others at once. *)
Ltac one_by_one n k := lazymatch k with O => idtac | S ?k => destruct n as [|n]; [|one_by_one n k] end.
Ltac thirteen n := one_by_one n 13%nat.

Lemma at_the_end n : system_of (scenes (13 + n)) = system_of (scenes 13) /\ clock (scenes (13 + n)) = 15 /\
  set_to (scenes (13 + n)) = 10 /\ attention_of (scenes (13 + n)) = attention_of (scenes 13).
Proof.
  induction n as [|n IH]; [repeat split|]. rewrite Nat.add_succ_r.
  change (scenes (S (13 + n))) with (next (scenes (13 + n)) (Ticks 15)). exact (conj (proj1 IH) (conj eq_refl
    (proj2 (proj2 IH)))).
Qed.

Lemma nobody_at_the_end n t g : guards (system_of (scenes (13 + n))) t = g -> g = Idle.
Proof. rewrite (proj1 (at_the_end n)). intros <-. destruct t as [|[|t]]; reflexivity. Qed.

Lemma awake_at_the_end n t a : attention_of (scenes (13 + n)) t = a -> a = Awake.
Proof. rewrite (proj2 (proj2 (proj2 (at_the_end n)))). intros <-. destruct t as [|[|t]]; reflexivity. Qed.

Lemma a_night_unfolds : unfolds a_night.
Proof.
  split; [apply opens|]. intros n. cbn [scene_at happening_at a_night].
  thirteen n; cbv beta iota delta [script]; lazymatch goal with
    | |- goes _ (Ticks _) _ => apply ticks
    | |- goes _ (Reads _) _ => apply reads; reflexivity
    | |- goes _ (Wakes _) _ => apply wakes; vm_compute; discriminate
    | |- goes _ (Does _) _ => apply does; [a_move|]
    end.
  all: intros t p epoch now before after' o [= <- <- <- <- <- <- <-]; vm_compute; auto.
Qed.

Ltac at_ k := exists k; split; [lia|].

Example g5_is_not_empty : unfolds a_night /\ runs_finish (history_of a_night) /\ threads_go_on a_night /\
  timers_ring a_night /\ window_ends a_night 5 /\ hand_overs_end a_night 5 /\
  has_owner (the_word (system_of (scene_at a_night 2))) /\ last (the_word (system_of (scene_at a_night 2))) =
    5.
Proof.
  split; [exact a_night_unfolds|]. split; [|split; [|split; [|split; [|split]]]].
  - intros n t e. cbn [at_time history_of scene_at a_night].
    thirteen n; [..|intros G; discriminate (nobody_at_the_end n t _ G)];
      destruct t as [|[|t]]; try discriminate; intros [= <-]; first [at_ 5%nat; reflexivity|at_ 12%nat;
        reflexivity].
  - intros n t e. cbn [scene_at happening_at a_night].
    thirteen n; [..|intros G; discriminate (nobody_at_the_end n t _ G)];
      destruct t as [|[|t]]; try discriminate; intros [= <-];
      lazymatch goal with |- match ?a with _ => _ end => let v := eval vm_compute in a in change a with v end;
      cbv beta iota; auto.
    all: first [at_ 3%nat; left; reflexivity|at_ 6%nat; left; reflexivity|at_ 10%nat; left; reflexivity
      |at_ 4%nat; left; repeat eexists|at_ 7%nat; left; repeat eexists|at_ 11%nat; left; repeat eexists].
  - intros n t time. cbn [scene_at a_night].
    thirteen n; [..|intros A; discriminate (awake_at_the_end n t _ A)];
      destruct t as [|[|t]]; try discriminate; intros _ _; at_ 10%nat; discriminate.
  - exists 13%nat, 15. intros k LE. replace k with (13 + (k - 13))%nat by lia. cbn [scene_at a_night].
    destruct (at_the_end (k - 13)) as (_ & -> & -> & _). vm_compute. split; discriminate.
  - exists 13%nat. intros k t u LE. replace k with (13 + (k - 13))%nat by lia. discriminate.
  - split; [left|]; reflexivity.
Qed.

(** * With leases: calls go on to arrive, and the first one after the lease starts a run *)

Definition calls (n : nat) : move :=
  match n with
  | 0%nat => Moved 0%nat leased (arrive_under 5) new (mk_word 5 none true) Run
  | 1%nat => Moved 1%nat leased (arrive_under 6) (mk_word 5 none true) (mk_word 5 pending true) Defer
  | 2%nat => Loses 0%nat
  | 3%nat => Loses 1%nat
  | 4%nat => Moved 2%nat leased (arrive_under 36) (mk_word 5 pending true) (mk_word 36 none true) Run
  | _ => Passes
  end.

Fixpoint times (n : nat) : system := match n with O => initial | S n => after (times n) (calls n) end.

Example g5_lease_is_not_empty : let h := mk_history times calls in
  happens h /\ arrivals_go_on h 2 30 /\ d (the_word (at_time h 4)) = pending.
Proof.
  split; [|split; [|reflexivity]].
  - split; [exists []; apply begins|]. intros n. cbn [at_time move_at].
    one_by_one n 5%nat; cbv beta iota delta [calls]; a_move.
  - intros m time. exists 4%nat. split; [lia|]. left. exact I.
Qed.

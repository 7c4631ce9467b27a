(** What is promised speaks of something: an execution with two runs and a covered call, one with a lease, and a
    fair history in which a run is pending. *)
From Coq Require Import Lia Arith.
Require Import Promises RowFacts Invariant Safety.

Definition every_10 := mk_policy 10 None.
Definition leased := mk_policy 10 (Some 30).

Definition a_trailing_run : list move := [
  Moved 1%nat every_10 (fire 5 15) (mk_word 5 pending false) (mk_word 15 none true) Run;
  Moved 0%nat every_10 (finish 5) (mk_word 5 pending true) (mk_word 5 pending false) Finished;
  Coalesces 2%nat (mk_word 5 pending true);
  Moved 1%nat every_10 (arrive 6) (mk_word 5 none true) (mk_word 5 pending true) Defer;
  Moved 0%nat every_10 (arrive 5) new (mk_word 5 none true) Run ].

(** A step that computes. *)
Lemma a_row moves s t p e w w' o : execution moves s -> the_word s = w -> lost s t = false ->
  guards s t = needs e -> row p e w w' o ->
  execution (Moved t p e w w' o :: moves) (mk_system w' (update (guards s) t (keeps (guards s t) o w')) (lost s)).
Proof. intros E <- L G R. eapply goes_on; [exact E|]. apply one_row; auto. Qed.

Ltac play t p e w' o := match goal with E : execution ?m ?s |- _ =>
  let K := fresh "E" in
  assert (K := a_row m s t p e (the_word s) w' o E eq_refl eq_refl eq_refl (the_table_is_shipped _ _ _));
  clear E; cbn [the_word] in K
  end.

Example trailing : exists s, execution a_trailing_run s /\ guards s 1%nat = Runs 15.
Proof.
  pose proof begins as E.
  play 0%nat every_10 (arrive 5) (mk_word 5 none true) Run.
  play 1%nat every_10 (arrive 6) (mk_word 5 pending true) Defer.
  match goal with E : execution _ ?s |- _ =>
    pose proof (goes_on _ _ _ _ E (one_load s 2%nat eq_refl eq_refl eq_refl)) as E'; clear E end.
  play 0%nat every_10 (finish 5) (mk_word 5 pending false) Finished.
  play 1%nat every_10 (fire 5 15) (mk_word 15 none true) Run.
  eexists. split; [eassumption|reflexivity].
Qed.

(** The first run is leaked; another supersedes it. *)
Definition a_superseded_run : list move := [
  Moved 1%nat leased (arrive_under 35) (mk_word 5 none true) (mk_word 35 none true) Run;
  Leaks 0%nat;
  Moved 0%nat leased (arrive_under 5) new (mk_word 5 none true) Run ].

Example superseded : exists s, execution a_superseded_run s /\ guards s 0%nat = Runs 5 /\ guards s 1%nat = Runs 35.
Proof.
  pose proof begins as E.
  play 0%nat leased (arrive_under 5) (mk_word 5 none true) Run.
  match goal with E : execution _ ?s |- _ => pose proof (goes_on _ _ _ _ E (leak s 0%nat)) as E'; clear E end.
  play 1%nat leased (arrive_under 35) (mk_word 35 none true) Run.
  eexists. split; [eassumption|]. split; reflexivity.
Qed.

(** A run whose lease is over goes on beside one that started at a time, 10, before the lease was over, at 35: the
    clock went back, and there is no window. By its stamp, 36, the other one is later, as [G2_lease] says. *)
Definition no_window := mk_policy 0 (Some 30).

Definition a_late_neighbour : list move := [
  Moved 1%nat no_window (try_start_under 10) (mk_word 35 none false) (mk_word 36 none true) Run;
  Moved 1%nat no_window (finish 35) (mk_word 35 none true) (mk_word 35 none false) Finished;
  Moved 1%nat no_window (try_start_under 35) (mk_word 5 none true) (mk_word 35 none true) Run;
  Moved 0%nat no_window (try_start_under 5) new (mk_word 5 none true) Run ].

Example late_neighbour : exists s, execution a_late_neighbour s /\ guards s 0%nat = Runs 5 /\ guards s 1%nat = Runs 36.
Proof.
  pose proof begins as E.
  play 0%nat no_window (try_start_under 5) (mk_word 5 none true) Run.
  play 1%nat no_window (try_start_under 35) (mk_word 35 none true) Run.
  play 1%nat no_window (finish 35) (mk_word 35 none false) Finished.
  play 1%nat no_window (try_start_under 10) (mk_word 36 none true) Run.
  eexists. split; [eassumption|]. split; reflexivity.
Qed.

(** A request, its run, its end, and then idle moves for ever. *)
Definition after (s : system) (m : move) : system :=
  match m with
  | Moved t _ e _ w' o => mk_system w' (update (guards s) t (keeps (guards s t) o w')) (lost s)
  | _ => s
  end.

Definition fair_move (n : nat) : move :=
  match n with
  | 0%nat => Moved 0%nat every_10 request new (mk_word 0 pending false) Requested
  | 1%nat => Moved 0%nat every_10 (fire 0 7) (mk_word 0 pending false) (mk_word 7 none true) Run
  | 2%nat => Moved 0%nat every_10 (finish 7) (mk_word 7 none true) (mk_word 7 none false) Finished
  | _ => Moved 0%nat every_10 cancel (mk_word 7 none false) (mk_word 7 none false) No
  end.

Fixpoint fair_time (n : nat) : system :=
  match n with O => initial | S n => after (fair_time n) (fair_move n) end.

Definition fair : history := mk_history fair_time fair_move.

Lemma later n : the_word (fair_time (3 + n)) = mk_word 7 none false /\ forall t, guards (fair_time (3 + n)) t = Idle.
Proof.
  induction n as [|n [W G]].
  - split; [reflexivity|]. intros [|t]; reflexivity.
  - split; [reflexivity|]. intros t. rewrite Nat.add_succ_r.
    change (update (guards (fair_time (3 + n))) 0%nat Idle t = Idle). unfold update. destruct (Nat.eqb t 0); auto.
Qed.

Lemma none_leaked_there n t : leaked (fair_time n) t = false.
Proof. induction n as [|n IH]; [reflexivity|]. destruct n as [|[|[|n]]]; exact IH. Qed.

Example fairness_is_possible : happens fair /\ runs_finish fair /\ owners_fire fair /\
  has_owner (the_word (at_time fair 1)).
Proof.
  repeat split; cbn [at_time move_at fair].
  - exists []. apply begins.
  - intros n. pose proof (none_leaked_there n 0%nat) as L. destruct n as [|[|[|n]]].
    + apply (one_row initial 0%nat); auto. exact (the_table_is_shipped _ _ _).
    + apply (one_row (fair_time 1) 0%nat); auto. exact (the_table_is_shipped _ _ _).
    + apply (one_row (fair_time 2) 0%nat); auto. exact (the_table_is_shipped _ _ _).
    + destruct (later n) as [W G]. specialize (G 0%nat). change (S (S (S n))) with (3 + n)%nat in *.
      remember (fair_time (3 + n)) as s. change (fair_time (S (3 + n))) with (after (fair_time (3 + n)) (fair_move (3 + n))).
      rewrite <- Heqs. change (fair_move (3 + n)) with (fair_move 3). unfold fair_move, after. rewrite <- W.
      apply one_row; auto. rewrite W. exact (the_table_is_shipped _ _ _).
  - intros n t e. destruct n as [|[|[|n]]]; cbn [at_time fair].
    + discriminate.
    + destruct t; discriminate.
    + destruct t; [|discriminate]. intros [= <-]. exists 2%nat. split; [lia|reflexivity].
    + change (S (S (S n))) with (3 + n)%nat. rewrite (proj2 (later n)). discriminate.
  - intros n t e. destruct n as [|[|[|n]]]; cbn [at_time fair].
    + discriminate.
    + destruct t; [|discriminate]. intros [= <-] _. exists 1%nat, 0%nat, every_10, (mk_word 7 none true), Run.
      split; [lia|]. left. exists 7. split; [reflexivity|]. left. vm_compute. discriminate.
    + destruct t; discriminate.
    + change (S (S (S n))) with (3 + n)%nat. rewrite (proj2 (later n)). discriminate.
  - left. reflexivity.
Qed.

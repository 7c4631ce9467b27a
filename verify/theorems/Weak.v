(** An execution that the promises of [Orders.v] speak of, and one in which a run misses a call, because the
    fences are acquire and release alone. *)
From Coq Require Import Lia Arith.
Require Import Orders Visible OneOrder RowFacts.

Ltac each x := do 10 (destruct x as [|x]; [simpl in *; intuition (try discriminate; try lia)|]);
  simpl in *; intuition (try discriminate; try lia).

(** For each act of a list. *)
Ltac all_of H := simpl in H; repeat (destruct H as [H|H]; [subst|]); [..|contradiction].

(** One thread requests a run and performs it: its acts are 2 to 6. Another one writes 7 and coalesces, by 8
    and 9. The acts 0 and 1 are the first writes to the word and to the data. *)
Section Two.
Variable fences_are_sc : bool.

Definition fence_mode : mode := if fences_are_sc then SeqCst else AcqRel.

Definition two_threads : graph := {|
  kind_of x := match x with
    | 0 | 1 | 7 => Writing | 3 | 4 => Updating | 6 | 9 => Reading | _ => Fencing end%nat;
  mode_of x := match x with 2 | 5 | 8 => fence_mode | _ => Relaxed end%nat;
  place_of x := match x with 1 | 6 | 7 => 1 | _ => 0 end%nat;
  finds x := match x with 4 | 9 => 1%N | 6 => if fences_are_sc then 1%N else 0%N | _ => 0%N end%nat;
  leaves x := match x with 3 | 7 => 1%N | 4 => 2%N | _ => 0%N end%nat;
  from x := match x with 4 | 9 => 3 | 6 => if fences_are_sc then 7 else 1 | _ => 0 end%nat;
  turn x := match x with 3 | 7 => 1 | 4 => 2 | _ => 0 end%nat;
  sequenced x y := (x < y)%nat /\ ((2 <= x /\ y <= 6) \/ (7 <= x /\ y <= 9))%nat;
|}.

Definition at_0 : policy := mk_policy 0 None.

Definition their_word : word_accesses := {|
  word_at := 0%nat;
  decoded v := match v with 0 => new | 1 => set_d pending new | _ => start 0 (set_d pending new) end;
  first := 0%nat;
  deed_of x := match x with
    | 3 => Decides 0 at_0 request Requested
    | 4 => Decides 0 at_0 (fire 0%N 0%N) Run
    | 9 => Glances 1
    | _ => Guesses end%nat;
  holds x := match x with 4 => Owns 0%N | _ => Idle end%nat;
  fence_before x := match x with 3 => 2 | _ => 8 end%nat;
  fence_after x := 5%nat;
|}.

(** What an act shows of the order of its place. *)
Definition rank (x : act) : nat := match x with
  | 3 | 7 => 2 | 9 => 3 | 4 => 4 | 6 => if fences_are_sc then 3 else 1 | _ => 0 end%nat.

Lemma acts_that_write x : writes two_threads x -> In x [0; 1; 3; 4; 7]%nat.
Proof. unfold writes. each x. Qed.

Lemma acts_that_read x : reads two_threads x -> In x [3; 4; 6; 9]%nat.
Proof. unfold reads. each x. Qed.

Lemma acts_that_order x : is_acquire (mode_of two_threads x) \/ is_release (mode_of two_threads x) ->
  In x [2; 5; 8]%nat.
Proof. unfold is_acquire, is_release. each x. Qed.

Lemma head_writes g w v : release_sequence g w v -> writes g w.
Proof. now induction 1. Qed.

Lemma before_is_sequenced x y : happens_before two_threads x y -> sequenced two_threads x y.
Proof.
  induction 1 as [x y [S|(w & v & [R XW] & RS & RV & _ & [A VY])]|x y z _ IH1 _ IH2];
    [exact S| |simpl in *; lia].
  pose proof (acts_that_order x (or_intror R)) as X. pose proof (acts_that_order y (or_introl A)) as Y.
  pose proof (acts_that_write w (head_writes _ _ _ RS)) as W. pose proof (acts_that_read v RV) as V.
  clear R A RS RV. simpl in XW, VY |- *.
  destruct XW as [->|[_ XW]], VY as [->|[_ VY]]; simpl in X, Y, W, V; lia.
Qed.

Lemma observed_has_rank x y : observed two_threads x y ->
  place_of two_threads x = place_of two_threads y /\ (rank x < rank y)%nat.
Proof.
  induction 1 as [x y [[R <-]|[(X & Y & P & T)|(R & (X & Y & P & T) & D)]]|x y z _ IH1 _ IH2].
  - apply acts_that_read in R. all_of R; simpl; destruct fences_are_sc; simpl; lia.
  - apply acts_that_write in X, Y. all_of X; all_of Y; simpl in *; split; auto; destruct fences_are_sc; lia.
  - apply acts_that_read in R. apply acts_that_write in Y. clear X.
    all_of R; all_of Y; simpl in *; destruct fences_are_sc; simpl in *; split; auto; lia.
  - destruct IH1, IH2. split; [congruence|lia].
Qed.

Lemma observed_acts x y : observed two_threads x y ->
  In x [0; 1; 3; 4; 6; 7; 9]%nat /\ In y [0; 1; 3; 4; 6; 7; 9]%nat.
Proof.
  assert (W : forall x, writes two_threads x -> In x [0; 1; 3; 4; 6; 7; 9]%nat).
  { intros z Z. apply acts_that_write in Z. simpl in *. tauto. }
  assert (R : forall x, reads two_threads x ->
    In x [0; 1; 3; 4; 6; 7; 9]%nat /\ In (from two_threads x) [0; 1; 3; 4; 6; 7; 9]%nat).
  { intros z Z. apply acts_that_read in Z. all_of Z; simpl; destruct fences_are_sc; tauto. }
  induction 1 as [x y [[H <-]|[(X & Y & _)|(H & (_ & Y & _) & _)]]|x y z _ IH1 _ IH2].
  - split; now apply R.
  - auto.
  - split; [now apply R|auto].
  - tauto.
Qed.

Lemma fences_are_in_order x y : fenced two_threads x y -> y = 5%nat /\ x <> 5%nat.
Proof.
  intros (X & Y & u & v & XU & O & VY). destruct X as [_ X], Y as [_ Y].
  assert (XF : In x [2; 5; 8]%nat) by (apply acts_that_order; left; right; right; exact X).
  assert (YF : In y [2; 5; 8]%nat) by (apply acts_that_order; left; right; right; exact Y).
  apply before_is_sequenced in XU, VY. pose proof (observed_acts _ _ O) as [U V].
  apply observed_has_rank in O. destruct O as [P O].
  assert (SC : fences_are_sc = true).
  { revert X. all_of XF; simpl; unfold fence_mode; destruct fences_are_sc; easy. }
  simpl in XU, VY, XF, YF, U, V.
  assert (u = 3 \/ u = 4 \/ u = 6 \/ u = 9)%nat as U' by lia.
  assert (v = 3 \/ v = 4 \/ v = 7)%nat as V' by lia.
  destruct U' as [->|[->|[->| ->]]], V' as [->|[->| ->]]; simpl in *; rewrite ?SC in O; lia.
Qed.

Lemma two_threads_are_consistent : consistent two_threads.
Proof.
  split.
  - intros r R. apply acts_that_read in R. unfold writes. all_of R; simpl; destruct fences_are_sc; auto.
  - intros x y X Y. apply acts_that_write in X, Y. all_of X; all_of Y; simpl; intros; auto; discriminate.
  - intros u U. assert (I : In u [3; 4]%nat) by (revert U; each u). unfold modified, writes.
    all_of I; simpl; (split; [discriminate|split; [auto 10|]]); intros w (_ & W & P & T) (_ & _ & _ & T');
      lia.
  - intros x B. apply before_is_sequenced in B. simpl in B. lia.
  - intros x y B O. apply before_is_sequenced in B. pose proof (observed_acts _ _ O) as [Y X].
    apply observed_has_rank in O. destruct O as [P O]. simpl in B, X, Y.
    all_of X; all_of Y; simpl in *; destruct fences_are_sc; lia.
  - intros x. assert (LAST : forall x y, clos_trans act (fenced two_threads) x y -> y = 5%nat /\ x <> 5%nat).
    { induction 1 as [y z F|y z z' _ IH1 _ IH2]; [now apply fences_are_in_order|tauto]. }
    intros F. apply LAST in F. tauto.
Qed.
Lemma sequenced_is_before x y : sequenced two_threads x y -> happens_before two_threads x y.
Proof. apply sequenced_before. Qed.

Lemma sequenced_follows x y : In x [3; 4; 9]%nat -> In y [3; 4; 9]%nat -> sequenced two_threads x y ->
  follows two_threads their_word x y.
Proof.
  intros X Y S. apply t_step. unfold at_word, reads, writes. split; [|split; [|left; now apply sequenced_before]];
    [all_of X|all_of Y]; simpl; auto.
Qed.

(** The acts at the word are in the order of their numbers. *)
Lemma follows_in_order x y : In x [3; 4]%nat -> In y [3; 4]%nat -> follows two_threads their_word x y ->
  x = 3%nat /\ y = 4%nat.
Proof.
  intros X Y F. apply (follows_precedes _ _ two_threads_are_consistent) in F.
  destruct F as (_ & _ & [(_ & _ & _ & T)|(_ & R & _)]); all_of X; all_of Y; simpl in *; try discriminate; auto;
    lia.
Qed.

Lemma deeds x : deed_of their_word x <> Guesses -> In x [3; 4; 9]%nat.
Proof. each x. Qed.

Lemma done_is_done t x : done_by their_word t x -> In x [3; 4; 9]%nat.
Proof. intros D. apply deeds. unfold done_by in D. now destruct (deed_of their_word x). Qed.

Lemma they_move_by_the_table : moves_by_the_table two_threads their_word.
Proof.
  split.
  - repeat split. now left.
  - intros w W P. apply acts_that_write in W. all_of W; simpl in *; try discriminate; eauto 8.
  - intros x t p e o D. assert (I : In x [3; 4; 9]%nat) by (apply deeds; congruence).
    all_of I; simpl in *; try discriminate; injection D as <- <- <- <-; (split; [now right|split; [easy|]]).
    + unfold before, after. simpl. now by_a_row.
    + unfold before, after. simpl. assert (open 0 at_0 (set_d pending new)) by (unfold open, due; simpl; lia).
      by_a_row.
  - intros x t D. assert (I : In x [3; 4; 9]%nat) by (apply deeds; congruence).
    all_of I; simpl in *; try discriminate. auto.
  - intros t x y X Y. pose proof (done_is_done t x X) as IX. pose proof (done_is_done t y Y) as IY.
    unfold done_by in X, Y. all_of IX; all_of IY; simpl in X, Y; try congruence; auto; right;
      [left|right]; apply sequenced_follows; simpl; auto; lia.
  - intros t x X N. pose proof (done_is_done t x X) as I. all_of I; auto. exfalso.
    unfold done_by in X. simpl in X. apply (N 3%nat); [exact X|]. apply sequenced_follows; simpl; auto; lia.
  - intros t x y X Y B _. pose proof (done_is_done t x X) as IX. pose proof (done_is_done t y Y) as IY.
    assert (E : x = y -> False) by (intros ->; now apply (follows_no_circle _ _ two_threads_are_consistent) in B).
    unfold done_by in X, Y. all_of IX; all_of IY; simpl in X, Y; try congruence; try easy.
    apply follows_in_order in B; simpl; auto. easy.
  - intros x t p e o D. assert (I : In x [3; 4; 9]%nat) by (apply deeds; congruence).
    all_of I; simpl in *; try discriminate; now injection D as <- <- <- <-.
  - intros x t D. assert (I : In x [3; 4; 9]%nat) by (apply deeds; congruence).
    all_of I; simpl in *; easy.
Qed.
End Two.

Lemma sc_fences_suffice : is_fenced (two_threads true) their_word.
Proof.
  split.
  - intros x (t & p & e & D). assert (I : In x [3; 4; 9]%nat) by (apply deeds; congruence).
    all_of I; simpl in D |- *; try discriminate. repeat split; simpl; lia.
  - intros x (t & p & e & D). assert (I : In x [3; 4; 9]%nat) by (apply deeds; congruence).
    all_of I; discriminate.
Qed.

(** The act 9 is a call that coalesces, by what it wrote as 7. The run starts by 4, and reads as 6. *)
Definition a_call_meets_a_run (g : graph) (a : word_accesses) : Prop :=
  (consistent g /\ moves_by_the_table g a /\ ends_below a 10 /\ calls a 9 /\ starts_a_run a 4 /\ later g 9 4 /\
  writes g 7 /\ happens_before g 7 (fence_before a 9) /\ sequenced g (fence_before a 9) 9 /\
  reads g 6 /\ happens_before g (fence_after a 4) 6 /\ sequenced g 4 (fence_after a 4) /\
  place_of g 7 = place_of g 6)%nat.

Lemma they_meet b : a_call_meets_a_run (two_threads b) their_word.
Proof.
  assert (B : forall x y, (x < y)%nat /\ ((2 <= x /\ y <= 6) \/ (7 <= x /\ y <= 9))%nat ->
    happens_before (two_threads b) x y) by apply sequenced_is_before.
  split; [apply two_threads_are_consistent|]. split; [apply they_move_by_the_table|].
  split; [intros x X; apply deeds in X; simpl in X; lia|]. split; [easy|].
  split; [unfold starts_a_run; simpl; eauto|].
  split; [unfold later, modified, writes; simpl; repeat split; auto|].
  split; [now left|]. split; [apply B; simpl; lia|]. split; [simpl; lia|].
  split; [now left|]. split; [apply B; simpl; lia|]. split; [simpl; lia|reflexivity].
Qed.

(** What the promises speak of happens. *)
Theorem a_run_sees_a_call : exists g a, a_call_meets_a_run g a /\ is_fenced g a /\ fences_first g a 9%nat /\
  sees g 6%nat 7%nat.
Proof.
  exists (two_threads true), their_word. split; [apply they_meet|]. split; [apply sc_fences_suffice|].
  split; [repeat split; simpl; lia|now left].
Qed.

(** Acquire and release fences do not suffice: with them a run misses a call that it covers. *)
Theorem a_run_misses_a_call : exists g a, a_call_meets_a_run g a /\
  (forall f, f = fence_before a 9%nat \/ f = fence_after a 4%nat -> kind_of g f = Fencing /\ mode_of g f = AcqRel) /\
  ~ sees g 6%nat 7%nat.
Proof.
  exists (two_threads false), their_word. split; [apply they_meet|]. split.
  - simpl. now intros f [->| ->].
  - intros [E|(_ & _ & _ & T)]; simpl in *; [discriminate|lia].
Qed.

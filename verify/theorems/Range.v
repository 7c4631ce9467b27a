(** 64 bits: within the range of the word the shipped arithmetic ([src/time.rs], copied here by hand) is that
    of [Word.v].

    Outside of it are only the starts after the last that [last] can tell apart, 2^56 beyond the end of the
    clock. *)
From Coq Require Import Lia.
Require Import Promises RowFacts Invariant Safety.

Definition START_MAX : N := 2305843009213693951.
Definition MAX : N := 2233785415175766016.
Definition NEVER : N := 18446744073709551615.
Lemma the_numbers : START_MAX = 2 ^ 61 - 1 /\ MAX = 2 ^ 61 - 2 ^ 56 /\ NEVER = 2 ^ 64 - 1.
Proof. vm_compute. auto. Qed.

Definition reading (now : N) : N := if MAX <? now then MAX else now.
Definition end64 (start length : N) : N := let e := start + length in if MAX <? e then NEVER else e.
Definition due64 (p : policy) (w : word) : N :=
  if (last w =? 0) || (threshold p =? 0) then 0 else end64 (last w) (threshold p).
Definition start64 (now : N) (w : word) : word :=
  let next := if last w =? START_MAX then START_MAX else last w + 1 in
  mk_word (if next <? reading now then reading now else next) none true.

Ltac numbers := unfold START_MAX, MAX, NEVER in *.

Theorem sums_fit start length : start <= START_MAX -> length <= MAX -> start + length < 2 ^ 62.
Proof. change (2 ^ 62) with 4611686018427387904. numbers. lia. Qed.

Theorem same_end now x length : x + length <= reading now <-> end64 x length <= reading now.
Proof.
  assert (reading now <= MAX) by (unfold reading; destruct (N.ltb_spec MAX now); lia).
  assert (MAX < NEVER) by (numbers; lia).
  unfold end64. cbv zeta. destruct (N.ltb_spec MAX (x + length)); lia.
Qed.

Theorem same_window now p w : open (reading now) p w <-> due64 p w <= reading now.
Proof. unfold open, due, due64. destruct (_ || _); [easy|apply same_end]. Qed.

(** Any limit of [arrive_by] is one of unbounded numbers. *)
Theorem same_limit latest p w : exists latest', due p w <= latest' <-> due64 p w <= latest.
Proof.
  destruct (N.le_gt_cases (due64 p w) latest); [exists (due p w); split; auto; lia|].
  destruct (N.eq_dec (due p w) 0); [|exists (due p w - 1); lia].
  unfold due, due64, end64 in *. destruct (_ || _) eqn:Z; [lia|].
  apply orb_false_elim in Z as [Z _]. apply N.eqb_neq in Z. lia.
Qed.

Theorem same_start now w : last w < START_MAX ->
  start64 now w = start (reading now) w /\ last (start64 now w) <= START_MAX.
Proof.
  intros L. assert (reading now <= MAX) by (unfold reading; destruct (N.ltb_spec MAX now); lia).
  assert (MAX < START_MAX) by (numbers; lia).
  unfold start64, start. destruct (N.eqb_spec (last w) START_MAX); [lia|]. cbv zeta.
  destruct (N.ltb_spec (last w + 1) (reading now)); simpl; split; try lia; f_equal; lia.
Qed.

Definition reads_in_range (m : move) : Prop := match m with Moved _ _ e _ _ _ => time_of e <= MAX | _ => True
  end.

(** So fewer than 2^56 - 1 starts never leave the range, whatever the clock reads. *)
Theorem in_range moves s : execution moves s -> Forall reads_in_range moves ->
  exists count, (count <= length moves)%nat /\ last (the_word s) <= MAX + N.of_nat count.
Proof.
  induction 1 as [|moves s m s' E IH S]; intros F; [exists 0%nat; split; [easy|apply N.le_0_l]|].
  inversion F as [|m0 ms FM FN]; subst. destruct (IH FN) as (count & LE & L).
  destruct (step_word _ _ _ S) as [(t & p & e & o & -> & R)|(-> & _)]; [|exists count; cbn [length]; lia].
  destruct (run_or_not o) as [->|NR].
  - exists (Datatypes.S count). destruct (row_start _ _ _ _ R) as (-> & _). cbn [length].
    split; [lia|]. cbn in FM. unfold start. cbn [last]. lia.
  - exists count. rewrite (row_still _ _ _ _ _ R NR). cbn [length]; lia.
Qed.

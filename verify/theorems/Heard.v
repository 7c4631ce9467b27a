(** No wake-up is lost between a thread that moves something and one that is about to wait. *)
From Coq Require Import Lia Arith.
Require Import Orders Visible.

Section Waiters.
Variables (g : graph) (c : waiters).
Hypothesis C : consistent g.
Hypothesis W : counts_waiters g c.

(** The waiters that have registered by the write [w], and have not left by then. *)
Definition waits_at (w x : act) : Prop :=
  registers c x /\ (w = x \/ modified g x w) /\
  forall y, leaves_for c y x -> w <> y /\ ~ modified g y w.

Lemma by_the_last w u : kind_of g w = Updating -> modified g u w -> from g w = u \/ modified g u (from g w).
Proof. apply update_after; auto. Qed.

Lemma from_is_before w u : kind_of g w = Updating -> from g w = u \/ modified g u (from g w) -> modified g u w.
Proof.
  intros U H. destruct (updates_are_atomic g C w U) as (_ & F & _).
  destruct H as [<-|L]; [exact F|]. now apply (mo_trans g _ (from g w)).
Qed.

Lemma counts_swap : swapped_only g (none_yet c).
Proof.
  destruct (begins_at_0 g c W) as (Z & P & _). split; [exact Z|]. intros u U Q.
  destruct (counts_only g c W u U) as [E|[K _]]; [congruence|auto..].
Qed.

Lemma leave_comes_after y x : leaves_for c y x -> modified g x y.
Proof.
  intros L. destruct (leave_takes g c W y x L) as (R & B & _ & K & P & _).
  destruct (register_adds g c W x R) as (KX & PX & _).
  assert (SAME : place_of g x = place_of g y) by congruence.
  destruct (mo_total g x y C (updating_writes _ _ KX) (updating_writes _ _ K) SAME) as [E|[L'|L']]; auto.
  - rewrite E in B. elim (before_is_no_circle g C y B).
  - elim (coherent g C _ _ B). now apply observed_mo.
Qed.

Lemma none_waits_first x : ~ waits_at (none_yet c) x.
Proof.
  intros (R & H & _). destruct (register_adds g c W x R) as (K & P & _).
  destruct (begins_at_0 g c W) as (_ & PZ & _).
  destruct (the_first_is_first g (none_yet c) x C counts_swap (updating_writes _ _ K)) as [E|L]; [congruence| |].
  - subst x. destruct (updates_are_atomic g C _ K) as (_ & F & _).
    pose proof F as (FW & _ & FP & _).
    destruct (the_first_is_first g (none_yet c) (from g (none_yet c)) C counts_swap FW FP) as [E|L].
    + rewrite E in F. apply (mo_irreflexive _ _ F).
    + apply (mo_irreflexive _ _ (mo_trans _ _ _ _ F L)).
  - destruct H as [<-|L']; [apply (mo_irreflexive _ _ L)|apply (mo_irreflexive _ _ (mo_trans _ _ _ _ L L'))].
Qed.

Lemma waits_after_register w x : registers c w -> waits_at w x <-> x = w \/ waits_at (from g w) x.
Proof.
  intros R. destruct (register_adds g c W w R) as (K & _ & _).
  assert (NOT : forall y z, leaves_for c y z -> w <> y).
  { intros y z L ->. destruct (leave_takes g c W y z L) as (_ & _ & N & _). auto. }
  split.
  - intros (RX & H & LEFT). destruct H as [->|L]; [now left|right]. split; [exact RX|].
    split; [destruct (by_the_last w x K L); auto|]. intros y Y. destruct (LEFT y Y) as [_ N].
    split; [intros <-|intros L']; apply N; apply from_is_before; auto.
  - intros [->|(RX & H & LEFT)].
    + split; [exact R|]. split; [now left|]. intros y Y. split; [now apply (NOT y w)|].
      intros L. apply (mo_irreflexive _ _ (mo_trans _ _ _ _ L (leave_comes_after y w Y))).
    + split; [exact RX|]. split; [right; apply from_is_before; auto|].
      intros y Y. split; [now apply (NOT y x)|]. intros L. destruct (LEFT y Y) as [N1 N2].
      destruct (by_the_last w y K L); auto.
Qed.

Lemma waits_after_leave w v x : leaves_for c w v -> waits_at w x <-> waits_at (from g w) x /\ x <> v.
Proof.
  intros L. destruct (leave_takes g c W w v L) as (R & _ & NR & K & _ & _). split.
  - intros (RX & H & LEFT). split; [split; [exact RX|split]|].
    + destruct H as [->|M]; [easy|]. destruct (by_the_last w x K M); auto.
    + intros y Y. destruct (LEFT y Y) as [_ N]. split; [intros <-|intros L']; apply N; apply from_is_before; auto.
    + intros ->. now destruct (LEFT w L).
  - intros [(RX & H & LEFT) D]. split; [exact RX|split].
    + right. apply from_is_before; auto.
    + intros y Y. destruct (LEFT y Y) as [N1 N2]. split.
      * intros <-. apply D. now apply (leave_once g c W w w x v).
      * intros M. destruct (by_the_last w y K M); auto.
Qed.

(** The number is that of those who wait. *)
Lemma the_number_counts w : writes g w -> place_of g w = waiters_at c ->
  exists l, NoDup l /\ (forall x, In x l <-> waits_at w x) /\ leaves g w = N.of_nat (length l).
Proof.
  remember (turn g w) as n eqn:N. revert w N. induction n as [n IH] using lt_wf_ind. intros w -> WW P.
  destruct (begins_at_0 g c W) as (ZW & ZP & Z0).
  destruct (counts_only g c W w WW P) as [->|[K H]].
  - exists []. split; [constructor|]. split; [|exact Z0]. intros x. split; [easy|].
    intros H. now apply none_waits_first in H.
  - destruct (updates_are_atomic g C w K) as (_ & F & _). pose proof F as (FW & _ & FP & FT).
    destruct (IH _ FT (from g w) eq_refl FW) as (l & D & ALL & LEN); [congruence|].
    destruct (reads_from_a_write g C w (updating_reads g w K)) as (_ & _ & FIND).
    destruct H as [R|[v L]].
    + destruct (register_adds g c W w R) as (_ & _ & ADD). exists (w :: l).
      assert (NEW : ~ In w l).
      { intros I. apply ALL in I. destruct I as (_ & [E|M] & _); [rewrite E in F; apply (mo_irreflexive _ _ F)|].
        apply (mo_irreflexive _ _ (mo_trans _ _ _ _ F M)). }
      split; [now constructor|]. split.
      * intros x. rewrite (waits_after_register w x R), <- ALL. simpl. intuition.
      * rewrite ADD, FIND, LEN. simpl length. lia.
    + destruct (leave_takes g c W w v L) as (R & _ & NR & _ & _ & SUB).
      assert (I : In v l).
      { apply ALL. split; [exact R|]. split.
        - destruct (by_the_last w v K (leave_comes_after w v L)); auto.
        - intros y Y. assert (y = w) as -> by now apply (leave_once g c W y w v v).
          split; [intros E; rewrite E in F; apply (mo_irreflexive _ _ F)|].
          intros M. apply (mo_irreflexive _ _ (mo_trans _ _ _ _ F M)). }
      destruct (in_split _ _ I) as (l1 & l2 & ->). exists (l1 ++ l2).
      split; [now apply (NoDup_remove_1 _ _ v)|]. split.
      * intros x. rewrite (waits_after_leave w v x L), <- ALL, !in_app_iff. simpl.
        pose proof (NoDup_remove_2 _ _ _ D) as N. rewrite in_app_iff in N.
        split; [intros H; split; [tauto|intros ->; tauto]|]. intros [[H|[H|H]] NE]; auto. congruence.
      * rewrite FIND, LEN, !app_length in SUB. simpl in SUB. rewrite app_length. lia.
Qed.

Lemma finds_somebody found x : reads g found -> place_of g found = waiters_at c -> registers c x ->
  sees g found x -> (forall y, leaves_for c y x -> ~ sees g found y) -> finds g found <> 0.
Proof.
  intros R P RX S STAYS. destruct (reads_from_a_write g C found R) as (FW & FP & ->).
  destruct (the_number_counts (from g found) FW) as (l & _ & ALL & ->); [congruence|].
  assert (I : In x l).
  { apply ALL. split; [exact RX|]. split; [exact S|]. intros y Y. unfold sees in STAYS.
    split; intros H; apply (STAYS y Y); auto. }
  destruct l; [easy|]. simpl length. lia.
Qed.
End Waiters.

Theorem no_wake_up_is_lost : orders_wake.
Proof.
  intros g c moved notify found registered register looks C W MW MN NF NFO FR FP F0 RG RR RF RL LR LP STAYS.
  destruct (register_adds g c W registered RG) as (K & P & _).
  assert (SAME : place_of g registered = place_of g found) by congruence.
  destruct (sees_or_comes_before g found registered C FR (updating_writes _ _ K) SAME) as [S|[E|O]].
  - now elim (finds_somebody g c C W found registered FR FP RG S STAYS).
  - apply sees_what_came_before; auto. subst found. eauto using before_trans.
  - destruct (sees_or_comes_before g looks moved C LR MW (eq_sym LP)) as [S|[E|O']]; [exact S| |].
    + subst looks. elim (coherent g C registered found); [|exact O]. eauto 6 using before_trans.
    + elim (store_buffering g registered register looks moved notify found); auto.
Qed.

(** What two fences, or a release and an acquire, show between two threads. Nothing here depends on how many
    others there are. *)
From Coq Require Import Lia Arith.
Require Import Orders RowFacts.

Lemma sequenced_before g x y : sequenced g x y -> happens_before g x y.
Proof. intros. apply t_step. auto. Qed.

Lemma before_trans g x y z : happens_before g x y -> happens_before g y z -> happens_before g x z.
Proof. apply t_trans. Qed.

Lemma mo_trans g x y z : modified g x y -> modified g y z -> modified g x z.
Proof. unfold modified. intros (A & B & C & D) (E & F & G & H). repeat split; auto; [congruence|lia]. Qed.

Lemma mo_irreflexive g x : ~ modified g x x.
Proof. unfold modified. lia. Qed.

Lemma mo_total g x y : consistent g -> writes g x -> writes g y -> place_of g x = place_of g y ->
  x = y \/ modified g x y \/ modified g y x.
Proof.
  intros C X Y P. destruct (Nat.lt_total (turn g x) (turn g y)) as [L|[E|L]].
  - right; left. repeat split; auto.
  - left. now apply (one_at_a_turn g C).
  - right; right. repeat split; auto.
Qed.

Lemma updating_reads g u : kind_of g u = Updating -> reads g u.
Proof. now right. Qed.

Lemma updating_writes g u : kind_of g u = Updating -> writes g u.
Proof. now right. Qed.

(** What is later than a write, an update finds, or what comes later still. *)
Lemma update_after g u w : consistent g -> kind_of g u = Updating -> modified g w u -> sees g u w.
Proof.
  intros C U M. destruct (updates_are_atomic g C u U) as (_ & F & NONE).
  assert (P : place_of g (from g u) = place_of g w).
  { destruct F as (_ & _ & -> & _), M as (_ & _ & -> & _). reflexivity. }
  destruct (mo_total g (from g u) w C (proj1 F) (proj1 M) P) as [E|[L|L]]; [now left| |now right].
  elim (NONE w L M).
Qed.

Lemma observed_mo g x y : modified g x y -> observed g x y.
Proof. intros. apply t_step. auto. Qed.

Lemma observed_rf g x : reads g x -> observed g (from g x) x.
Proof. intros. apply t_step. auto. Qed.

(** A read that does not see a write comes before it. *)
Lemma sees_or_comes_before g r w : consistent g -> reads g r -> writes g w -> place_of g w = place_of g r ->
  sees g r w \/ r = w \/ observed g r w.
Proof.
  intros C R W P. destruct (reads_from_a_write g C r R) as (F & PF & _).
  assert (Q : place_of g (from g r) = place_of g w) by congruence.
  destruct (mo_total g (from g r) w C F W Q) as [E|[L|L]]; [left; now left| |left; now right].
  destruct (Nat.eq_dec r w) as [E|D]; auto. right; right. apply t_step. right; right. now split.
Qed.

(** What happens before a read, it sees. *)
Lemma sees_what_came_before g r w : consistent g -> reads g r -> writes g w -> place_of g w = place_of g r ->
  happens_before g w r -> sees g r w.
Proof.
  intros C R W P B. destruct (sees_or_comes_before g r w C R W P) as [S|[->|O]]; auto.
  - elim (before_is_no_circle g C _ B).
  - elim (coherent g C _ _ B O).
Qed.

(** Two SC fences, each between what its thread has done and a read. Not both can miss the other. *)
Lemma store_buffering g x f r y f' r' : consistent g -> sc_fence g f -> sc_fence g f' ->
  happens_before g x f -> happens_before g f r -> happens_before g y f' -> happens_before g f' r' ->
  observed g r y -> observed g r' x -> False.
Proof.
  intros C F F' XF FR YF FR' RY RX. apply (fences_have_an_order g C f). eapply t_trans; apply t_step.
  - split; [exact F|split; [exact F'|]]. exists r, y. auto.
  - split; [exact F'|split; [exact F|]]. exists r', x. auto.
Qed.

(** * The word *)

(** What a thread sees of the word, before what is later. *)
Lemma later_is_observed g a call run : consistent g -> moves_by_the_table g a ->
  reads g call -> later g call run -> observed g call run.
Proof.
  intros C M R [U L]. unfold write_of in L. destruct R as [R|R]; rewrite R in L; [|now apply observed_mo].
  apply t_step. right; right. repeat split; [now left|apply L..|congruence].
Qed.

Lemma call_reads g a x : moves_by_the_table g a -> deed_of a x <> Guesses ->
  reads g x /\ place_of g x = word_at a.
Proof.
  intros M D. destruct (deed_of a x) eqn:E; [easy| |].
  - destruct (by_a_row g a M _ _ _ _ _ E) as (A & B & _). auto.
  - destruct (by_a_load g a M _ _ E) as (A & B & _). split; [now left|auto].
Qed.

Lemma calls_decide a x : calls a x -> deed_of a x <> Guesses.
Proof. unfold calls. intros C E. now rewrite E in C. Qed.

(** * Release sequences *)

(** Where all but the first write are updates, each write has all later ones in its release sequence. *)
Definition swapped_only (g : graph) (zero : act) : Prop := writes g zero /\
  forall u, writes g u -> place_of g u = place_of g zero -> u = zero \/ kind_of g u = Updating.

Lemma the_first_is_first g zero w : consistent g -> swapped_only g zero -> writes g w ->
  place_of g w = place_of g zero -> w = zero \/ modified g zero w.
Proof.
  intros C [Z ONLY]. remember (turn g w) as n eqn:N. revert w N.
  induction n as [n IH] using lt_wf_ind. intros w -> W P.
  destruct (ONLY w W P) as [E|U]; [now left|]. right.
  destruct (updates_are_atomic g C w U) as (_ & F & _). destruct F as (F1 & F2 & F3 & F4).
  destruct (IH _ F4 (from g w) eq_refl F1) as [E|L]; [congruence| |].
  - rewrite <- E. repeat split; auto.
  - apply (mo_trans g _ (from g w)); [exact L|]. repeat split; auto.
Qed.

Lemma updates_continue g zero w v : consistent g -> swapped_only g zero ->
  kind_of g w = Updating -> place_of g w = place_of g zero -> w = v \/ modified g w v ->
  release_sequence g w v.
Proof.
  intros C S U P. remember (turn g v) as n eqn:N. revert v N.
  induction n as [n IH] using lt_wf_ind. intros v -> [<-|M].
  - apply its_head; [now right|]. apply (updates_are_atomic g C w U).
  - assert (V : kind_of g v = Updating).
    { pose proof M as (W & V & E & _). destruct (proj2 S v V) as [->|U']; [congruence|exfalso|exact U'].
      destruct (the_first_is_first g zero w C S W P) as [->|L]; [apply (mo_irreflexive g zero M)|].
      apply (mo_irreflexive g w (mo_trans _ _ _ _ M L)). }
    apply continued; [exact V|]. destruct (updates_are_atomic g C v V) as (_ & F & _).
    apply (IH (turn g (from g v))); [apply F|reflexivity|].
    destruct (update_after g v w C V M) as [E|L]; auto.
Qed.

(** A start, a finish and a cancel change the word, so they are swaps. *)
Lemma changes_swap g a x t p e o : consistent g -> moves_by_the_table g a -> deed_of a x = Decides t p e o ->
  o = Run \/ (exists epoch, e = finish epoch /\ o = Finished) \/ (e = cancel /\ o = Yes) ->
  kind_of g x = Updating.
Proof.
  intros C M D O. destruct (by_a_row g a M _ _ _ _ _ D) as ([K|K] & _ & R); [exfalso|exact K].
  unfold after in R. rewrite K in R. destruct O as [->|[(epoch & -> & ->)|[-> ->]]].
  - destruct (row_start _ _ _ _ R) as (E & _). apply (f_equal last) in E. unfold start in E. simpl in E. lia.
  - inversion R; subst; match goal with E : set_r _ ?w = ?w |- _ => apply (f_equal r) in E end; simpl in *;
      congruence.
  - inversion R; subst; match goal with E : set_d _ ?w = ?w |- _ => apply (f_equal d) in E end; simpl in *;
      congruence.
Qed.

Lemma starts_swap g a x : consistent g -> moves_by_the_table g a -> starts_a_run a x ->
  kind_of g x = Updating.
Proof. intros C M (t & p & e & D). apply (changes_swap g a x _ _ _ _ C M D). auto. Qed.

Lemma cancels_swap g a x t p : consistent g -> moves_by_the_table g a ->
  deed_of a x = Decides t p cancel Yes -> kind_of g x = Updating.
Proof. intros C M D. apply (changes_swap g a x _ _ _ _ C M D). auto. Qed.

Lemma finishes_swap g a x : consistent g -> moves_by_the_table g a -> finishes_a_run a x ->
  kind_of g x = Updating.
Proof. intros C M (t & p & e & D). apply (changes_swap g a x _ _ _ _ C M D). right; left. eauto. Qed.

(** * Promises *)

Theorem runs_see_callers : orders_show.
Proof.
  intros g a call run w r C M F CALL [CF CS] RUN L W WF R FR P.
  destruct (start_fences g a F _ RUN) as [SF SS].
  destruct (call_reads g a call M (calls_decide a call CALL)) as [CR _].
  destruct (sees_or_comes_before g r w C R W P) as [S|[->|O]]; auto; exfalso.
  - apply (coherent g C run call); [|now apply (later_is_observed g a)].
    eauto 6 using before_trans, sequenced_before.
  - eapply (store_buffering g w (fence_before a call) call run (fence_after a run) r);
      eauto using sequenced_before, later_is_observed.
Qed.

Lemma is_swapped_only g a : moves_by_the_table g a -> swapped_only g (first a).
Proof.
  intros M. destruct (begins_new g a M) as (W & P & _). split; [exact W|]. intros u U Q.
  destruct (only_swaps g a M u U) as [E|[K _]]; [congruence|auto..].
Qed.

(** A release goes on through the updates of other threads. *)
Lemma released_to g zero x w r b : consistent g -> swapped_only g zero -> releases g x w ->
  kind_of g w = Updating -> place_of g w = place_of g zero -> sees g r w -> reads g r ->
  mode_of g r <> Plain -> acquires g r b -> happens_before g x b.
Proof.
  intros C S X U P V R NP A. apply t_step. right. exists w, r. repeat split; auto; try apply X; try apply A.
  apply (updates_continue g zero); auto. destruct V; auto.
Qed.

Lemma fence_releases g f w : sc_fence g f -> sequenced g f w -> releases g f w.
Proof. intros [K M] S. split; [right; right; exact M|right; auto]. Qed.

Lemma fence_acquires g r f : sc_fence g f -> sequenced g r f -> acquires g r f.
Proof. intros [K M] S. split; [right; right; exact M|right; auto]. Qed.

Theorem movers_happen_before : orders_hand_over.
Proof.
  intros g a call run C M F CALL [CF CS] U RUN [UR L]. unfold write_of in L. rewrite U in L.
  destruct (start_fences g a F _ RUN) as [SF SS].
  destruct (call_reads g a call M (calls_decide a call CALL)) as [_ P].
  apply (released_to g (first a) _ call run); auto using is_swapped_only, fence_releases, fence_acquires,
    update_after, updating_reads; [|apply (updates_are_atomic g C run UR)].
  destruct (begins_new g a M) as (_ & -> & _). exact P.
Qed.

Lemma finished_at_the_word g a f : moves_by_the_table g a -> finishes_a_run a f ->
  place_of g f = place_of g (first a).
Proof.
  intros M (t & p & e & D). destruct (by_a_row g a M _ _ _ _ _ D) as (_ & -> & _).
  now destruct (begins_new g a M) as (_ & -> & _).
Qed.

Theorem finishes_publish : orders_publish.
Proof.
  intros g a f r C M F FIN R A V. pose proof (finishes_swap g a f C M FIN) as U.
  apply (released_to g (first a) _ f r); auto using is_swapped_only, finished_at_the_word.
  - split; [now apply (finish_releases g a F)|now left].
  - destruct A as [->|[->| ->]]; discriminate.
  - split; [exact A|now left].
Qed.

(** * Calls that are counted *)

Theorem counted_or_started : orders_count.
Proof.
  intros g a zero added looks run taken C M F Z ONLY PA PT D UA MA UT MT RUN FT S R P.
  pose proof (starts_swap g a run C M RUN) as UR.
  assert (SW : swapped_only g zero) by now split.
  destruct (start_fences g a F _ RUN) as [SF SS].
  assert (SAME : place_of g added = place_of g taken) by congruence.
  destruct (mo_total g added taken C (updating_writes _ _ UA) (updating_writes _ _ UT) SAME) as [E|[L|L]];
    [easy| |].
  - left. apply (released_to g zero _ added taken); auto using update_after, updating_reads.
    + split; [right; left; exact MA|now left].
    + destruct MT as [->|[->| ->]]; discriminate.
    + split; [exact MT|now left].
  - right. assert (B : happens_before g (fence_after a run) added).
    { apply (released_to g zero _ taken added); auto using update_after, updating_reads, fence_releases.
      - rewrite MA. discriminate.
      - split; [right; left; exact MA|now left]. }
    apply sees_what_came_before; auto using updating_writes.
    + destruct RUN as (t & p & e & E). destruct (by_a_row g a M _ _ _ _ _ E) as (_ & Q & _). congruence.
    + eauto using before_trans, sequenced_before.
Qed.

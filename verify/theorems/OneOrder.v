(** What the library does at the word has one order, and in it it is an execution of the protocol. *)
From Coq Require Import Lia Arith.
Require Import Orders Visible Invariant.

(** * A list can be sorted by a partial order that is decided *)

Section Sort.
Variables (A : Type) (precedes : A -> A -> Prop).
Hypothesis trans : forall x y z, precedes x y -> precedes y z -> precedes x z.

Inductive latest_first : list A -> Prop :=
| nothing : latest_first []
| one_more : forall x l, latest_first l -> (forall y, In y l -> ~ precedes x y) -> latest_first (x :: l).

Lemma has_a_latest l : (forall x y, In x l -> In y l -> precedes x y \/ ~ precedes x y) ->
  (forall x, In x l -> ~ precedes x x) -> l <> [] ->
  exists m, In m l /\ forall y, In y l -> ~ precedes m y.
Proof.
  intros DEC IRR. induction l as [|x l IH]; [easy|intros _]. destruct l as [|x' l].
  - exists x. split; [now left|]. intros y [<-|[]]. apply IRR. now left.
  - destruct IH as (m & IN & MAX); [intros; apply DEC; now right|intros; apply IRR; now right|easy|].
    destruct (DEC m x) as [L|N]; [now right|now left| |].
    + exists x. split; [now left|]. intros y [<-|IY] L'; [apply (IRR x); auto; now left|].
      apply (MAX y IY). eauto.
    + exists m. split; [now right|]. intros y [<-|IY]; auto.
Qed.

Lemma sorts n : forall l, length l = n -> NoDup l ->
  (forall x y, In x l -> In y l -> precedes x y \/ ~ precedes x y) -> (forall x, In x l -> ~ precedes x x) ->
  exists l', NoDup l' /\ (forall x, In x l' <-> In x l) /\ latest_first l'.
Proof.
  induction n as [|n IH]; intros l N D DEC IRR.
  - destruct l; [|discriminate]. exists []. repeat split; auto. apply nothing.
  - destruct (has_a_latest l DEC IRR) as (m & IN & MAX); [now destruct l|].
    destruct (in_split _ _ IN) as (l1 & l2 & ->).
    assert (S : forall x, In x (l1 ++ l2) -> In x (l1 ++ m :: l2)).
    { intros x. rewrite !in_app_iff. simpl. tauto. }
    destruct (IH (l1 ++ l2)) as (l' & D' & SAME & SORTED).
    + rewrite app_length in *. simpl in N. lia.
    + now apply (NoDup_remove_1 _ _ m).
    + auto.
    + auto.
    + exists (m :: l'). split; [|split].
      * constructor; [|exact D']. rewrite SAME. now apply NoDup_remove_2.
      * intros x. simpl. rewrite SAME, !in_app_iff. simpl. tauto.
      * apply one_more; [exact SORTED|]. intros y Y. apply MAX, S, SAME, Y.
Qed.

Lemma latest_stands_first l newer y older : latest_first l -> l = newer ++ y :: older ->
  (forall x, In x older -> ~ precedes y x) /\ forall x, In x newer -> ~ precedes x y.
Proof.
  intros L. revert newer. induction L as [|z l L IH H]; intros newer E.
  - now destruct newer.
  - destruct newer as [|z' newer]; injection E as -> ->.
    + split; [exact H|easy].
    + destruct (IH _ eq_refl) as [N O]. split; [exact N|]. intros x [<-|I]; auto.
      apply H. rewrite in_app_iff. right; now left.
Qed.
End Sort.

(** * The order of the word *)

Section Word.
Variables (g : graph) (a : word_accesses).
Hypothesis C : consistent g.
Hypothesis M : moves_by_the_table g a.
Hypothesis DEC : forall x y, happens_before g x y \/ ~ happens_before g x y.

Definition precedes (x y : act) : Prop :=
  modified g (write_of g x) (write_of g y) \/
  (write_of g x = write_of g y /\ kind_of g y = Reading /\
   (kind_of g x <> Reading \/ (kind_of g x = Reading /\ happens_before g x y))).

Lemma writes_itself x : writes g x -> write_of g x = x.
Proof. unfold write_of. intros [->| ->]; reflexivity. Qed.

Lemma writes_not_reading x : writes g x -> kind_of g x <> Reading.
Proof. intros [->| ->]; discriminate. Qed.

Lemma kinds x : at_word g a x -> writes g x \/ (kind_of g x = Reading /\ write_of g x = from g x).
Proof.
  intros [[[R|U]|W] _]; [right|left; now right|now left]. split; [exact R|]. unfold write_of. now rewrite R.
Qed.

Lemma write_of_writes x : at_word g a x -> writes g (write_of g x) /\ place_of g (write_of g x) = word_at a.
Proof.
  intros W. pose proof W as [_ P]. destruct (kinds x W) as [K|[K ->]]; [now rewrite writes_itself|].
  destruct (reads_from_a_write g C x) as (F & -> & _); [now left|auto].
Qed.

Lemma writes_total x y : at_word g a x -> at_word g a y ->
  write_of g x = write_of g y \/ modified g (write_of g x) (write_of g y) \/
  modified g (write_of g y) (write_of g x).
Proof.
  intros X Y. destruct (write_of_writes x X) as [X1 X2], (write_of_writes y Y) as [Y1 Y2].
  apply mo_total; auto. congruence.
Qed.

Lemma precedes_irreflexive x : ~ precedes x x.
Proof.
  intros [L|(_ & K & [N|[_ B]])]; [now apply mo_irreflexive in L|easy|].
  apply (before_is_no_circle g C x B).
Qed.

Lemma precedes_trans x y z : precedes x y -> precedes y z -> precedes x z.
Proof.
  unfold precedes. intros [L|(E & K & N)] [L'|(E' & K' & N')].
  - left. now apply (mo_trans g _ (write_of g y)).
  - left. now rewrite <- E'.
  - left. now rewrite E.
  - right. split; [congruence|]. split; [exact K'|]. destruct N' as [N'|[_ B']]; [easy|].
    destruct N as [N|[KX B]]; [now left|right]. split; [exact KX|]. now apply (before_trans g _ y).
Qed.

Lemma precedes_decided x y : at_word g a x -> at_word g a y -> precedes x y \/ ~ precedes x y.
Proof.
  intros X Y. unfold precedes. destruct (writes_total x y X Y) as [E|[L|L]]; [|now left; left|].
  - rewrite E. destruct (kind_of g y) eqn:KY;
      try (right; intros [L|(_ & K & _)]; [now apply mo_irreflexive in L|discriminate]).
    destruct (kind_of g x) eqn:KX; try (left; right; repeat split; left; discriminate).
    destruct (DEC x y) as [B|N]; [left; right; auto|].
    right. intros [L|(_ & _ & [K|[_ B]])]; [now apply mo_irreflexive in L|easy..].
  - right. intros [L'|(E & _)]; [|rewrite E in L; now apply mo_irreflexive in L].
    apply (mo_irreflexive g _ (mo_trans _ _ _ _ L L')).
Qed.

(** What happens before, precedes. *)
Lemma before_precedes x y : at_word g a x -> at_word g a y -> happens_before g x y -> precedes x y.
Proof.
  intros X Y B. destruct (writes_total x y X Y) as [E|[L|L]].
  - destruct (kinds x X) as [KX|[KX WX]], (kinds y Y) as [KY|[KY WY]].
    + rewrite !writes_itself in E by auto. subst y. elim (before_is_no_circle g C x B).
    + right. auto using writes_not_reading.
    + rewrite WX, (writes_itself y KY) in E. elim (coherent g C x y B). rewrite <- E. apply observed_rf.
      now left.
    + right. auto.
  - now left.
  - elim (coherent g C x y B).
    assert (observed g y (write_of g x)).
    { destruct (kinds y Y) as [KY|[KY WY]].
      - rewrite writes_itself in L by auto. now apply observed_mo.
      - apply t_step. right; right. split; [now left|]. rewrite <- WY. split; [exact L|].
        intros E. apply (writes_not_reading (write_of g x)); [apply L|congruence]. }
    destruct (kinds x X) as [KX|[KX WX]]; [now rewrite writes_itself in H by auto|].
    rewrite WX in H. eapply t_trans; [exact H|]. apply observed_rf. now left.
Qed.

(** What a read shows about the order, it respects. *)
Lemma observed_precedes x y : at_word g a x -> observed g x y -> at_word g a y /\ precedes x y.
Proof.
  intros X O. revert X. induction O as [x y [[R E]|[L|(R & L & D)]]|x y z _ IH1 _ IH2]; intros X.
  - destruct (reads_from_a_write g C y R) as (W & P & _). subst x.
    assert (Y : at_word g a y). { split; [now left|]. destruct X as [_ <-]. auto. }
    split; [exact Y|]. destruct R as [R|U].
    + right. rewrite (writes_itself _ W). unfold write_of. rewrite R. auto using writes_not_reading.
    + left. rewrite (writes_itself _ W), (writes_itself y) by now right.
      apply (updates_are_atomic g C y U).
  - pose proof L as (WX & WY & P & _). split.
    + split; [now right|]. destruct X as [_ <-]. auto.
    + left. now rewrite !writes_itself.
  - destruct (reads_from_a_write g C x R) as (W & P & _). pose proof L as (_ & WY & Q & _).
    assert (Y : at_word g a y). { split; [now right|]. destruct X as [_ <-]. congruence. }
    split; [exact Y|]. left. rewrite (writes_itself y WY). destruct R as [R|U].
    + unfold write_of. now rewrite R.
    + assert (XW : writes g x) by now right. rewrite (writes_itself x XW).
      assert (SAME : place_of g x = place_of g y) by congruence.
      destruct (mo_total g x y C XW WY SAME) as [E|[L'|L']]; [easy|exact L'|].
      destruct (updates_are_atomic g C x U) as (_ & _ & NONE). elim (NONE y L L').
  - destruct (IH1 X) as [Y P1]. destruct (IH2 Y) as [Z P2]. split; [exact Z|].
    now apply (precedes_trans x y z).
Qed.

Lemma follows_precedes x y : follows g a x y -> at_word g a x /\ at_word g a y /\ precedes x y.
Proof.
  induction 1 as [x y (X & Y & [B|O])|x y z _ (X & _ & P) _ (_ & Z & P')].
  - auto using before_precedes.
  - split; [exact X|]. now apply observed_precedes.
  - split; [exact X|]. split; [exact Z|]. now apply (precedes_trans x y z).
Qed.

Lemma follows_no_circle x : ~ follows g a x x.
Proof. intros F. destruct (follows_precedes x x F) as (_ & _ & P). now apply precedes_irreflexive in P. Qed.

(** * The execution in this order *)

Lemma deed_at_word x : deed_of a x <> Guesses -> at_word g a x.
Proof. intros D. destruct (call_reads g a x M D). split; auto. Qed.

Lemma done_is_deed t x : done_by a t x -> deed_of a x <> Guesses.
Proof. unfold done_by. intros D E. now rewrite E in D. Qed.

Lemma done_by_one t u x : done_by a t x -> done_by a u x -> t = u.
Proof. unfold done_by. destruct (deed_of a x); [easy|congruence..]. Qed.

(** After the acts of a list the system is as the latest of them left it. *)
Definition word_is (l : list act) (s : system) (w : act) : Prop :=
  writes g w /\ place_of g w = word_at a /\ the_word s = decoded a (leaves g w) /\
  (w = first a \/ In w l) /\ forall v, In v l -> write_of g v = w \/ modified g (write_of g v) w.

Definition guards_are (l : list act) (s : system) : Prop := forall t, lost s t = false /\
  ((guards s t = Idle /\ forall x, done_by a t x -> ~ In x l) \/
   exists x, done_by a t x /\ In x l /\ guards s t = kept g a x /\
     forall y, done_by a t y -> In y l -> y = x \/ follows g a y x).

Section Next.
Variables (newer older : list act) (b : act) (s : system) (w : act).
Let all := newer ++ b :: older.
Hypothesis ONCE : NoDup all.
Hypothesis ALL : forall x, In x all <-> deed_of a x <> Guesses.
Hypothesis SORTED : latest_first act precedes all.
Hypothesis WORD : word_is older s w.
Hypothesis GUARDS : guards_are older s.

Lemma b_is_deed : deed_of a b <> Guesses.
Proof. apply ALL. unfold all. rewrite in_app_iff. right; now left. Qed.

Lemma b_is_new : ~ In b older.
Proof. intros I. apply (NoDup_remove_2 _ _ _ ONCE). rewrite in_app_iff. now right. Qed.

Lemma comes_before x : deed_of a x <> Guesses -> precedes x b -> In x older.
Proof.
  intros D P. apply ALL in D. unfold all in D. rewrite in_app_iff in D.
  destruct (latest_stands_first _ _ _ _ _ _ SORTED eq_refl) as [_ N].
  destruct D as [I|[<-|I]]; [elim (N x I P)|elim (precedes_irreflexive _ P)|exact I].
Qed.

Lemma comes_not_after x : In x older -> ~ precedes b x.
Proof. apply (latest_stands_first _ _ _ _ _ _ SORTED eq_refl). Qed.

(** It finds the word as the latest swap before it has left it. *)
Lemma finds_the_latest : from g b = w.
Proof.
  destruct WORD as (WW & WP & _ & WIN & MAX). pose proof (deed_at_word b b_is_deed) as BW.
  destruct (call_reads g a b M b_is_deed) as [BR BP].
  destruct (reads_from_a_write g C b BR) as (FW & FP & _). rewrite BP in FP.
  destruct (begins_new g a M) as (_ & ZP & _).
  assert (LE : from g b = w \/ modified g (from g b) w).
  { destruct (only_swaps g a M _ FW FP) as [E|[U (t & p & e & o & D)]].
    - rewrite E. destruct (the_first_is_first g (first a) w C (is_swapped_only g a M) WW) as [->|L]; auto.
      congruence.
    - assert (I : In (from g b) older).
      { apply comes_before; [congruence|]. apply observed_precedes; [|now apply observed_rf].
        split; auto. }
      destruct (MAX _ I) as [E|L]; rewrite writes_itself in * by exact FW; auto. }
  destruct LE as [E|L]; [exact E|exfalso].
  assert (I : In w older).
  { destruct WIN as [->|I]; [exfalso|exact I].
    destruct (the_first_is_first g (first a) (from g b) C (is_swapped_only g a M) FW) as [E|L']; [congruence| |].
    - rewrite E in L. apply (mo_irreflexive _ _ L).
    - apply (mo_irreflexive _ _ (mo_trans _ _ _ _ L L')). }
  destruct (Nat.eq_dec b w) as [E|NE]; [apply b_is_new; now rewrite E|].
  apply (comes_not_after w I). apply observed_precedes; [exact BW|].
  apply t_step. right; right. repeat split; auto; apply L.
Qed.

Lemma finds_the_word : before g a b = the_word s.
Proof.
  unfold before. destruct (call_reads g a b M b_is_deed) as [R _].
  destruct (reads_from_a_write g C b R) as (_ & _ & ->). rewrite finds_the_latest.
  now destruct WORD as (_ & _ & -> & _).
Qed.

(** Its thread holds what it kept. *)
Lemma holds_its_guard t : done_by a t b -> guards s t = holds a b.
Proof.
  intros T.
  assert (OLD : forall y, done_by a t y -> follows g a y b -> In y older).
  { intros y Y B. apply comes_before; [now apply (done_is_deed t)|now apply follows_precedes]. }
  destruct (GUARDS t) as [_ [[-> NONE]|(x & X & I & -> & LAST)]].
  - symmetry. apply (holds_nothing_first g a M t); auto. intros y Y B. apply (NONE y Y). auto.
  - symmetry. apply (holds_what_it_kept g a M t); auto.
    + destruct (one_by_one g a M t x b X T) as [E|[B|B]]; [elim b_is_new; now rewrite <- E|exact B|].
      elim (comes_not_after x I). now apply follows_precedes.
    + intros z Z XZ ZB. destruct (LAST z Z (OLD z Z ZB)) as [->|ZX].
      * apply (follows_no_circle x XZ).
      * apply (follows_no_circle x). now apply (t_trans _ _ _ z).
Qed.

Lemma thread_goes_on t s' : done_by a t b -> lost s' = lost s -> guards s' t = kept g a b ->
  (forall u, u <> t -> guards s' u = guards s u) -> guards_are (b :: older) s'.
Proof.
  intros T L GT GU u. rewrite L. destruct (GUARDS u) as [LU H]. split; [exact LU|].
  destruct (Nat.eq_dec u t) as [->|D].
  - right. exists b. split; [exact T|]. split; [now left|]. split; [exact GT|].
    intros y Y [<-|I]; [now left|right].
    destruct (one_by_one g a M t y b Y T) as [E|[B|B]]; [elim b_is_new; now rewrite <- E|exact B|].
    elim (comes_not_after y I). now apply follows_precedes.
  - rewrite (GU u D). destruct H as [[-> NONE]|(x & X & I & -> & LAST)]; [left|right].
    + split; [easy|]. intros x X [<-|I]; [|now apply (NONE x)]. apply D, (done_by_one _ _ b X T).
    + exists x. split; [exact X|]. split; [now right|]. split; [easy|].
      intros y Y [<-|I']; [|auto]. elim D. apply (done_by_one _ _ b Y T).
Qed.

Lemma word_goes_on s' : the_word s' = after g a b -> word_is (b :: older) s' (write_of g b).
Proof.
  intros E. pose proof (deed_at_word b b_is_deed) as BW. destruct (write_of_writes b BW) as [W P].
  pose proof WORD as (WW & WP & WE & WIN & MAX).
  repeat split; auto.
  - rewrite E. unfold after. destruct (call_reads g a b M b_is_deed) as [[K|K] _]; rewrite K.
    + rewrite finds_the_word, WE. unfold write_of. now rewrite K, finds_the_latest.
    + unfold write_of. now rewrite K.
  - destruct (call_reads g a b M b_is_deed) as [[K|K] _]; unfold write_of; rewrite K; [|right; now left].
    rewrite finds_the_latest. destruct WIN; [now left|right; now right].
  - intros v [<-|I]; [now left|]. destruct (call_reads g a b M b_is_deed) as [[K|K] _].
    + replace (write_of g b) with w by (unfold write_of; now rewrite K, finds_the_latest). auto.
    + right. rewrite (writes_itself b) by now right.
      destruct (updates_are_atomic g C b K) as (_ & F & _). rewrite finds_the_latest in F.
      destruct (MAX v I) as [->|L]; [exact F|]. now apply (mo_trans g _ w).
Qed.

Lemma one_step : exists s', step s (as_move g a b) s' /\ word_is (b :: older) s' (write_of g b) /\
  guards_are (b :: older) s'.
Proof.
  unfold as_move. destruct (deed_of a b) as [|t p e o|t] eqn:D; [now elim b_is_deed| |];
    (assert (T : done_by a t b) by (unfold done_by; now rewrite D));
    pose proof (holds_its_guard t T) as H; rewrite finds_the_word.
  - destruct (by_a_row g a M b t p e o D) as (_ & _ & R). rewrite finds_the_word in R.
    eexists. split; [apply one_row; [apply GUARDS| |exact R]|split].
    + rewrite H, <- finds_the_word. apply (may_decide g a M _ _ _ _ _ D).
    + now apply word_goes_on.
    + apply (thread_goes_on t); auto; cbn [guards].
      * rewrite update_same, H. unfold kept. now rewrite D.
      * intros u N. now rewrite update_other.
  - destruct (by_a_load g a M b t D) as (K & _ & P). rewrite finds_the_word in P.
    eexists. split; [apply one_load; [apply GUARDS| |exact P]|split].
    + rewrite H. apply (may_glance g a M _ _ D).
    + apply word_goes_on. unfold after. now rewrite K, finds_the_word.
    + apply (thread_goes_on t); auto. rewrite H. unfold kept. now rewrite D.
Qed.
End Next.

Lemma suffix_runs all older : NoDup all -> (forall x, In x all <-> deed_of a x <> Guesses) ->
  latest_first act precedes all -> forall newer, all = newer ++ older ->
  exists s w, execution (map (as_move g a) older) s /\ word_is older s w /\ guards_are older s.
Proof.
  intros D A S. induction older as [|b older IH]; intros newer E.
  - exists initial, (first a). destruct (begins_new g a M) as (W & P & N). split; [apply begins|].
    repeat split; auto; easy.
  - destruct (IH (newer ++ [b])) as (s & w & X & WI & GA); [now rewrite <- app_assoc|]. subst all.
    destruct (one_step newer older b s w D A S WI GA) as (s' & ST & WI' & GA').
    exists s', (write_of g b). split; [|auto]. simpl. now apply (goes_on _ s).
Qed.
End Word.

Definition is_deed (x : deed) : bool := match x with Guesses => false | _ => true end.

Lemma is_a_deed x : is_deed x = true <-> x <> Guesses.
Proof. destruct x; simpl; split; easy. Qed.

Theorem one_order : orders_are_one.
Proof.
  intros g a n DEC C M END.
  set (all := filter (fun x => is_deed (deed_of a x)) (seq 0 n)).
  assert (ALL : forall x, In x all <-> deed_of a x <> Guesses).
  { intros x. unfold all. rewrite filter_In, in_seq, is_a_deed. split; [easy|]. intros D. specialize (END x D).
    split; [lia|exact D]. }
  destruct (sorts act (precedes g) (precedes_trans g) _ all eq_refl) as (l & D & SAME & SORTED).
  - apply NoDup_filter, seq_NoDup.
  - intros x y X Y. apply ALL in X, Y. apply (precedes_decided g a); auto; now apply deed_at_word.
  - intros x _. now apply precedes_irreflexive.
  - assert (L : forall x, In x l <-> deed_of a x <> Guesses) by (intros x; rewrite SAME; apply ALL).
    destruct (suffix_runs g a C M l l D L SORTED [] eq_refl) as (s & w & X & (W & P & E & _ & MAX) & _).
    exists l, s. split; [exact D|]. split; [exact L|]. split; [|split; [exact X|]].
    + intros newer y between x older ->.
      destruct (latest_stands_first _ _ _ _ _ _ SORTED eq_refl) as [N _].
      assert (I : In x (between ++ x :: older)) by (rewrite in_app_iff; right; now left).
      assert (AT : forall z, In z (newer ++ y :: between ++ x :: older) -> at_word g a z).
      { intros z Z. now apply deed_at_word, L. }
      assert (X' : at_word g a x) by (apply AT; rewrite in_app_iff; right; now right).
      assert (Y' : at_word g a y) by (apply AT; rewrite in_app_iff; right; now left).
      split; intros H; apply (N x I); [now apply (before_precedes g a)|now apply (observed_precedes g a)].
    + exists w. repeat split; auto. intros v V VP.
      destruct (only_swaps g a M v V VP) as [->|[U (t & p & e & o & DV)]].
      * destruct (the_first_is_first g (first a) w C (is_swapped_only g a M) W) as [->|LT]; auto.
        destruct (begins_new g a M) as (_ & Q & _). congruence.
      * assert (I : In v l) by (apply L; congruence).
        destruct (MAX v I) as [Q|LT]; rewrite (writes_itself g v V) in *; auto.
Qed.

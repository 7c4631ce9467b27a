(** G2 and G3 with weak memory: the protocol says which run covers a call and which finish is between two runs,
    and the fences say what they see. *)
From Coq Require Import Lia Arith.
Require Import Orders Visible OneOrder Safety.

Lemma stands_in g a (C : consistent g) (M : moves_by_the_table g a) l newer x older :
  (forall newer y between x older, l = newer ++ y :: between ++ x :: older ->
     ~ happens_before g y x /\ ~ observed g y x) ->
  NoDup l -> (forall x, In x l <-> deed_of a x <> Guesses) -> l = newer ++ x :: older ->
  forall y, In y newer -> kind_of g y = Updating -> later g x y.
Proof.
  intros ORDER D ALL -> y Y U. split; [exact U|].
  destruct (in_split _ _ Y) as (n1 & n2 & ->).
  destruct (ORDER n1 y n2 x older) as [_ NO]; [now rewrite <- app_assoc|].
  assert (XD : deed_of a x <> Guesses) by (apply ALL; rewrite in_app_iff; right; now left).
  assert (YD : deed_of a y <> Guesses) by (apply ALL; rewrite in_app_iff; now left).
  pose proof (deed_at_word g a M x XD) as X'. pose proof (deed_at_word g a M y YD) as Y'.
  assert (YW : write_of g y = y) by (apply writes_itself; now right).
  destruct (writes_total g a C x y X' Y') as [E|[L|L]]; rewrite YW in *; [exfalso|exact L|exfalso].
  - destruct (kinds g a x X') as [W|[K F]].
    + rewrite writes_itself in E by exact W. subst y. apply NoDup_remove_2 in D. apply D.
      rewrite in_app_iff. now left.
    + apply NO. rewrite <- E, F. apply observed_rf. now left.
  - apply NO. destruct (kinds g a x X') as [W|[K F]].
    + rewrite writes_itself in L by exact W. now apply observed_mo.
    + rewrite F in L. eapply t_trans; [exact (observed_mo _ _ _ L)|]. apply observed_rf. now left.
Qed.

Lemma starts_of g a x stamp : starts (as_move g a x) = Some stamp -> starts_a_run a x.
Proof.
  unfold as_move, starts_a_run. destruct (deed_of a x) as [|t p e o|t]; try discriminate.
  destruct o; try discriminate. eauto.
Qed.

Lemma moves_of g a l x : In x (map (as_move g a) l) -> exists y, In y l /\ as_move g a y = x.
Proof. rewrite in_map_iff. intros (y & E & I). eauto. Qed.

Theorem calls_are_covered : orders_cover.
Proof.
  intros g a n call epoch DEC C M F END CALL FIRST SAYS.
  destruct (one_order g a n DEC C M END) as (l & s & D & ALL & ORDER & X & z & Z & ZP & E & LAST).
  assert (I : In call l) by (apply ALL, calls_decide, CALL).
  destruct (in_split _ _ I) as (newer & older & L).
  pose proof (stands_in g a C M l newer call older ORDER D ALL L) as LATER.
  rewrite L, map_app in X. simpl in X.
  destruct (covered _ _ _ _ _ X SAYS) as [H|[H|H]].
  - left. apply Exists_exists in H. destruct H as (m & IN & stamp & ST & LT).
    destruct (moves_of _ _ _ _ IN) as (run & IR & <-).
    pose proof (starts_of _ _ _ _ ST) as RUN.
    assert (LR : later g call run) by (apply LATER; [exact IR|now apply (starts_swap g a)]).
    exists run, stamp. split; [exact ST|]. split; [exact LT|]. split; [exact LR|]. intros w r W WF R FR P.
    now apply (runs_see_callers g a call run).
  - right; left. apply Exists_exists in H. destruct H as (m & IN & CA).
    destruct (moves_of _ _ _ _ IN) as (x & IX & <-). exists x. split; [exact CA|].
    apply LATER; [exact IX|]. unfold as_move in CA. destruct (deed_of a x) as [|t p e o|t] eqn:DX; try easy.
    destruct e; try easy. destruct o; try easy. now apply (cancels_swap g a x t p).
  - right; right. exists z. rewrite <- E. auto 6.
Qed.

Lemma in_turn {A} (l : list A) x y : In x l -> In y l -> x <> y ->
  exists newer between older, l = newer ++ y :: between ++ x :: older \/
    l = newer ++ x :: between ++ y :: older.
Proof.
  intros X Y D. destruct (in_split _ _ X) as (l1 & l2 & ->).
  apply in_app_iff in Y. destruct Y as [Y|[Y|Y]]; [| easy|].
  - destruct (in_split _ _ Y) as (m1 & m2 & ->). exists m1, m2, l2. left. now rewrite <- app_assoc.
  - destruct (in_split _ _ Y) as (m1 & m2 & ->). exists l1, m1, m2. now right.
Qed.

Lemma no_lease_anywhere g a l : without_leases a -> Forall no_lease (map (as_move g a) l).
Proof.
  intros W. apply Forall_forall. intros m I. destruct (moves_of _ _ _ _ I) as (x & _ & <-). intros b.
  unfold as_move. destruct (deed_of a x) as [|t p e o|t] eqn:D; simpl; auto. now rewrite (W _ _ _ _ _ D).
Qed.

Theorem runs_are_apart : orders_exclude.
Proof.
  intros g a n x y stamp DEC C M F END NL SX RY L.
  destruct (one_order g a n DEC C M END) as (l & s & D & ALL & ORDER & X & _).
  assert (DEED : forall z, starts_a_run a z -> In z l).
  { intros z (t & p & e & DZ). apply ALL. congruence. }
  pose proof (starts_of _ _ _ _ SX) as RX.
  pose proof (starts_swap g a y C M RY) as UY.
  assert (NE : x <> y) by (intros ->; apply (mo_irreflexive _ _ L)).
  destruct (in_turn l x y (DEED x RX) (DEED y RY) NE) as (newer & between & older & [E|E]).
  2: { destruct (ORDER _ _ _ _ _ E) as [_ N]. elim N. now apply observed_mo. }
  rewrite E, map_app in X. simpl in X. rewrite map_app in X. simpl in X.
  assert (SY : exists stamp_y, starts (as_move g a y) = Some stamp_y).
  { destruct RY as (t & p & e & DY). unfold as_move. rewrite DY. simpl. eauto. }
  destruct SY as [stamp_y SY].
  pose proof (no_lease_anywhere g a (y :: between) NL) as FREE.
  pose proof (excluded _ _ _ _ _ _ _ _ X SX SY FREE) as H.
  apply Exists_exists in H. destruct H as (m & IN & ENDS). destruct (moves_of _ _ _ _ IN) as (f & IF & <-).
  assert (FIN : finishes_a_run a f).
  { unfold as_move in ENDS. destruct (deed_of a f) as [|t p e o|t] eqn:DF; try easy. destruct e; try easy.
    destruct o; try easy. unfold finishes_a_run. eauto. }
  pose proof (finishes_swap g a f C M FIN) as UF.
  assert (XF : modified g x f).
  { destruct (stands_in g a C M l (newer ++ y :: between) x older ORDER D ALL) with (y := f) as [_ H]; auto.
    - now rewrite <- app_assoc.
    - rewrite in_app_iff. right; now right.
    - rewrite writes_itself in H; [exact H|apply L]. }
  assert (FY : modified g f y).
  { destruct (in_split _ _ IF) as (b1 & b2 & ->).
    destruct (stands_in g a C M l (newer ++ y :: b1) f (b2 ++ x :: older) ORDER D ALL) with (y := y) as [_ H];
      auto.
    - rewrite E, <- !app_assoc. simpl. now rewrite <- ?app_assoc.
    - rewrite in_app_iff. right; now left.
    - rewrite writes_itself in H; [exact H|now right]. }
  exists f. repeat split; auto; try apply XF; try apply FY.
  destruct (start_fences g a F y RY) as [SF SS].
  apply (released_to g (first a) f f y); auto using is_swapped_only, finished_at_the_word, fence_acquires,
    update_after, updating_reads.
  - split; [now apply (finish_releases g a F)|now left].
  - now apply (updates_are_atomic g C y).
Qed.

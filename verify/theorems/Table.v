(** In each state some row applies to each event, and all that apply agree. *)
From Coq Require Import Lia.
Require Import Promises RowFacts.

Lemma open_or_closed now p w : open now p w \/ closed now p w.
Proof. unfold open, closed; lia. Qed.
Lemma over_or_holds now p w : lease_over now p w \/ lease_holds now p w.
Proof. unfold lease_over, lease_holds; destruct (lease p); [lia | tauto]. Qed.

Theorem the_table_is_total : table_total.
Proof.
  intros p e w. destruct e;
    try destruct (open_or_closed now p w); try destruct (over_or_holds now p w);
    try destruct (N.le_gt_cases (due p w) latest); try destruct (N.eq_dec (last w) epoch);
    destruct (d w) eqn:?; destruct (r w) eqn:?;
    eexists _, _; by_a_row.
Qed.

(** Two conditions of rows that exclude each other. *)
Ltac clash := match goal with
  | A : r ?w = _, B : r ?w = _ |- _ => rewrite A in B; discriminate B
  | A : open _ ?p ?w, B : closed _ ?p ?w |- _ => unfold open, closed in *; lia
  | A : lease_over _ ?p ?w, B : lease_holds _ ?p ?w |- _ => unfold lease_over, lease_holds in *; destruct
    (lease p); lia
  | A : due ?p ?w <= ?x, B : ?x < due ?p ?w |- _ => lia
  | A : last ?w = ?e, B : last ?w <> ?e |- _ => elim B; exact A
  | A : last ?w <> last ?w |- _ => elim A; reflexivity
  | |- _ => solve [intuition congruence]
  end.

Theorem the_table_is_deterministic : table_deterministic.
Proof.
  intros p e w w1 o1 w2 o2 H1 H2.
  destruct e; inversion H1; subst; clear H1; inversion H2; subst; clear H2; try (split; reflexivity); exfalso;
    clash.
Qed.

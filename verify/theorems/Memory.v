(** An execution as a memory model sees it: accesses and fences, and the relations between them.

    The axioms are those of RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer, Repairing Sequential Consistency in
    C/C++11, PLDI 2017) that the proofs need, and no more. C++20 has each of them, too. Both have others, which
    forbid further executions: so what is proved here holds there. It is not assumed that a load never reads
    from a store that depends on it (no axiom about thin air), nor anything about SC accesses. The names of the
    paper stand beside ours. *)
From Coq Require Export Relation_Operators.
Require Export Protocol.

(** An access or a fence. They are numbered, in no order that means anything. *)
Definition act := nat.

Inductive kind := Reading | Writing | Updating | Fencing.
Inductive mode := Plain | Relaxed | Acquire | Release | AcqRel | SeqCst.

Definition is_acquire (m : mode) : Prop := m = Acquire \/ m = AcqRel \/ m = SeqCst.
Definition is_release (m : mode) : Prop := m = Release \/ m = AcqRel \/ m = SeqCst.

(** A field has no meaning where the kind of the act has none: a fence has no place, a write finds nothing. *)
Record graph := mk_graph {
  kind_of : act -> kind;
  mode_of : act -> mode;
  place_of : act -> nat;
  finds : act -> N;
  leaves : act -> N;
  (** The write that a read or an update reads from ([rf]). *)
  from : act -> act;
  (** When it has its turn among the writes to its place: this gives the modification order ([mo]). *)
  turn : act -> nat;
  (** In one thread ([po]); and from what a thread does before it spawns another one, or ends, to what the
      other does after it began, or has joined. *)
  sequenced : act -> act -> Prop;
}.

Section Relations.
Variable g : graph.

Definition reads (a : act) : Prop := kind_of g a = Reading \/ kind_of g a = Updating.
Definition writes (a : act) : Prop := kind_of g a = Writing \/ kind_of g a = Updating.
Definition sc_fence (a : act) : Prop := kind_of g a = Fencing /\ mode_of g a = SeqCst.

(** [mo] *)
Definition modified (a b : act) : Prop :=
  writes a /\ writes b /\ place_of g a = place_of g b /\ (turn g a < turn g b)%nat.

(** [rb], from a read to the writes after the one that it reads from. *)
Definition overwritten (a b : act) : Prop := reads a /\ modified (from g a) b /\ a <> b.

(** [eco]: what the values show about the order of two acts. *)
Definition observed : act -> act -> Prop :=
  clos_trans act (fun a b => (reads b /\ from g b = a) \/ modified a b \/ overwritten a b).

(** [rs]: a write, and the updates that read from it, one from the other. *)
Inductive release_sequence : act -> act -> Prop :=
| its_head : forall a, writes a -> mode_of g a <> Plain -> release_sequence a a
| continued : forall a u, kind_of g u = Updating -> release_sequence a (from g u) -> release_sequence a u.

(** The write itself, or a fence before it. *)
Definition releases (a w : act) : Prop := is_release (mode_of g a) /\
  (a = w \/ (kind_of g a = Fencing /\ sequenced g a w)).

Definition acquires (r b : act) : Prop := is_acquire (mode_of g b) /\
  (r = b \/ (kind_of g b = Fencing /\ sequenced g r b)).

(** [sw] *)
Definition synchronizes (a b : act) : Prop := exists w r,
  releases a w /\ release_sequence w (from g r) /\ reads r /\ mode_of g r <> Plain /\ acquires r b.

(** [hb] *)
Definition happens_before : act -> act -> Prop :=
  clos_trans act (fun a b => sequenced g a b \/ synchronizes a b).

(** [psc_F], as far as it is needed: these two SC fences are in this order. *)
Definition fenced (a b : act) : Prop := sc_fence a /\ sc_fence b /\
  exists x y, happens_before a x /\ observed x y /\ happens_before y b.

Record consistent := mk_consistent {
  reads_from_a_write : forall r, reads r ->
    writes (from g r) /\ place_of g (from g r) = place_of g r /\ finds g r = leaves g (from g r);
  one_at_a_turn : forall a b, writes a -> writes b -> place_of g a = place_of g b ->
    turn g a = turn g b -> a = b;
  updates_are_atomic : forall u, kind_of g u = Updating -> mode_of g u <> Plain /\ modified (from g u) u /\
    forall w, modified (from g u) w -> ~ modified w u;
  before_is_no_circle : forall a, ~ happens_before a a;
  coherent : forall a b, happens_before a b -> ~ observed b a;
  fences_have_an_order : forall a, ~ clos_trans act fenced a a;
}.
End Relations.

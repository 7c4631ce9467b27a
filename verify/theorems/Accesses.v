(** What the library does in such an execution: the accesses to the word, to the number of waiters and to a
    number of calls, and the fences around them. It is what [src/gate/mod.rs], [src/front/wait.rs] and
    [src/front/payload/number.rs] say, with the orders of [src/sync/orders.rs].

    There is any number of threads and of accesses. *)
Require Export Memory.

(** What an access to the word is for. *)
Inductive deed :=
(** It decides nothing: a look, the first load of a retry loop, a compare-and-swap that failed. *)
| Guesses
(** A row of the table: the compare-and-swap, or, where nothing changes, the read that saw so. *)
| Decides (t : thread) (p : policy) (e : event) (o : outcome)
(** [coalesce], the fast path, where it finds a pending run. *)
| Glances (t : thread).

(** The word, and who does what there. As in [Protocol.v] a thread that holds two guards counts as two. A
    guard that is handed over goes on as the same thread. *)
Record word_accesses := mk_word_accesses {
  word_at : nat;
  decoded : N -> word;
  first : act;
  deed_of : act -> deed;
  (** What its thread holds before it. *)
  holds : act -> guard;
  (** Its own fences: of a call, before it decides, and of a start, after it. *)
  fence_before : act -> act;
  fence_after : act -> act;
}.

Section Word.
Variables (g : graph) (a : word_accesses).

Definition before (x : act) : word := decoded a (finds g x).
Definition after (x : act) : word :=
  match kind_of g x with Updating => decoded a (leaves g x) | _ => before x end.

Definition as_move (x : act) : move :=
  match deed_of a x with
  | Guesses => Passes
  | Decides t p e o => Moved t p e (before x) (after x) o
  | Glances t => Coalesces t (before x)
  end.

Definition done_by (t : thread) (x : act) : Prop :=
  match deed_of a x with Guesses => False | Decides u _ _ _ | Glances u => u = t end.

Definition at_word (x : act) : Prop := (reads g x \/ writes g x) /\ place_of g x = word_at a.

(** It shows that [y] is after [x]: by what happens before, or by what was read at the word. *)
Definition follows : act -> act -> Prop :=
  clos_trans act (fun x y => at_word x /\ at_word y /\ (happens_before g x y \/ observed g x y)).

(** What its thread holds after it. *)
Definition kept (x : act) : guard :=
  match deed_of a x with Decides _ _ _ o => keeps (holds a x) o (after x) | _ => holds a x end.

(** A call that a later run may have to cover. *)
Definition calls (x : act) : Prop :=
  match deed_of a x with
  | Glances _ | Decides _ _ (arrive _ | arrive_by _ _ | request | owe) _ => True
  | _ => False
  end.

Definition starts_a_run (x : act) : Prop := exists t p e, deed_of a x = Decides t p e Run.
Definition finishes_a_run (x : act) : Prop := exists t p e, deed_of a x = Decides t p (finish e) Finished.

Record moves_by_the_table := mk_moves_by_the_table {
  (** [Gate::new], and then nothing but the swaps of the one loop. *)
  begins_new : writes g (first a) /\ place_of g (first a) = word_at a /\
    decoded a (leaves g (first a)) = new;
  only_swaps : forall w, writes g w -> place_of g w = word_at a -> w = first a \/
    (kind_of g w = Updating /\ exists t p e o, deed_of a w = Decides t p e o);
  by_a_row : forall x t p e o, deed_of a x = Decides t p e o ->
    reads g x /\ place_of g x = word_at a /\ row p e (before x) (after x) o;
  by_a_load : forall x t, deed_of a x = Glances t ->
    kind_of g x = Reading /\ place_of g x = word_at a /\ d (before x) = pending;
  (** A thread does one after the other, and asks for what its guard allows. *)
  one_by_one : forall t x y, done_by t x -> done_by t y -> x = y \/ follows x y \/ follows y x;
  holds_nothing_first : forall t x, done_by t x -> (forall y, done_by t y -> ~ follows y x) ->
    holds a x = Idle;
  holds_what_it_kept : forall t x y, done_by t x -> done_by t y -> follows x y ->
    (forall z, done_by t z -> follows x z -> ~ follows z y) -> holds a y = kept x;
  may_decide : forall x t p e o, deed_of a x = Decides t p e o -> may_ask e (before x) (holds a x);
  may_glance : forall x t, deed_of a x = Glances t -> holds a x = Idle;
}.

(** [COALESCE], [ARRIVE], [ARRIVE_BY], [REQUEST] and [OWE]. Calls that are counted, or ordered by a lock, do
    without. *)
Definition fences_first (x : act) : Prop :=
  sc_fence g (fence_before a x) /\ sequenced g (fence_before a x) x.

Record is_fenced := mk_is_fenced {
  (** [START] *)
  start_fences : forall x, starts_a_run x -> sc_fence g (fence_after a x) /\ sequenced g x (fence_after a x);
  (** [FINISH] *)
  finish_releases : forall x, finishes_a_run x -> is_release (mode_of g x);
}.

(** The execution has an end. The numbers of what the library does are below this one. *)
Definition ends_below (n : nat) : Prop := forall x, deed_of a x <> Guesses -> (x < n)%nat.

(** The write that an act makes, or finds. *)
Definition write_of (x : act) : act := match kind_of g x with Reading => from g x | _ => x end.

(** [b] swaps the word later than [x] has found it, or left it. *)
Definition later (x b : act) : Prop := kind_of g b = Updating /\ modified g (write_of x) b.

Definition without_leases : Prop := forall x t p e o, deed_of a x = Decides t p e o -> lease p = None.
End Word.

(** The read finds this write, or a later one. *)
Definition sees (g : graph) (r w : act) : Prop := from g r = w \/ modified g w (from g r).

(** The number of waiters. A waiter adds one to register, and takes it off when it leaves. *)
Record waiters := mk_waiters {
  waiters_at : nat;
  none_yet : act;
  registers : act -> Prop;
  (** The first act is the leave of the second one. *)
  leaves_for : act -> act -> Prop;
}.

Record counts_waiters (g : graph) (c : waiters) := mk_counts_waiters {
  begins_at_0 : writes g (none_yet c) /\ place_of g (none_yet c) = waiters_at c /\ leaves g (none_yet c) = 0;
  counts_only : forall w, writes g w -> place_of g w = waiters_at c -> w = none_yet c \/
    (kind_of g w = Updating /\ (registers c w \/ exists x, leaves_for c w x));
  register_adds : forall w, registers c w -> kind_of g w = Updating /\ place_of g w = waiters_at c /\
    leaves g w = finds g w + 1;
  leave_takes : forall w x, leaves_for c w x -> registers c x /\ happens_before g x w /\ ~ registers c w /\
    kind_of g w = Updating /\ place_of g w = waiters_at c /\ leaves g w + 1 = finds g w;
  leave_once : forall v w x y, leaves_for c v x -> leaves_for c w y -> (v = w <-> x = y);
}.

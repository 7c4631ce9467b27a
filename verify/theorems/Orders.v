(** What is promised of orders: with weak memory, for any number of threads. This file has only definitions,
    as [Promises.v]. [All.v] names the proof of each. *)
Require Export Promises Accesses.

(** * One order *)

(** Whatever the orders of the accesses are: what the library does at the word is an execution of the
    protocol. The list [l] has all of it, the latest first. It respects what happens before what, and what each
    read has seen. The first premise says nothing: of two acts one happens before the other, or it does not. *)
Definition orders_are_one : Prop := forall g a n,
  (forall x y, happens_before g x y \/ ~ happens_before g x y) ->
  consistent g -> moves_by_the_table g a -> ends_below a n ->
  exists l s, NoDup l /\ (forall x, In x l <-> deed_of a x <> Guesses) /\
  (forall newer y between x older, l = newer ++ y :: between ++ x :: older ->
     ~ happens_before g y x /\ ~ observed g y x) /\
  execution (map (as_move g a) l) s /\
  exists z, writes g z /\ place_of g z = word_at a /\ the_word s = decoded a (leaves g z) /\
    forall w, writes g w -> place_of g w = word_at a -> w = z \/ modified g w z.

(** * G3 coverage *)

(** Whatever a caller wrote before its call, each run sees that starts later than the call has looked. *)
Definition orders_show : Prop := forall g a call run w r,
  consistent g -> moves_by_the_table g a -> is_fenced g a ->
  calls a call -> fences_first g a call -> starts_a_run a run -> later g call run ->
  writes g w -> happens_before g w (fence_before a call) ->
  reads g r -> happens_before g (fence_after a run) r -> place_of g w = place_of g r ->
  sees g r w.

(** A call that is told that a run will come is covered by one that sees it all; or somebody has cancelled; or
    its run is due in the end. *)
Definition orders_cover : Prop := forall g a n call epoch,
  (forall x y, happens_before g x y \/ ~ happens_before g x y) ->
  consistent g -> moves_by_the_table g a -> is_fenced g a -> ends_below a n ->
  calls a call -> fences_first g a call -> says_covered (as_move g a call) = Some epoch ->
  (exists run stamp, starts (as_move g a run) = Some stamp /\ epoch < stamp /\ later g call run /\
     forall w r, writes g w -> happens_before g w (fence_before a call) ->
       reads g r -> happens_before g (fence_after a run) r -> place_of g w = place_of g r -> sees g r w) \/
  (exists x, cancels (as_move g a x) /\ later g call x) \/
  (exists z, writes g z /\ place_of g z = word_at a /\ is_due (decoded a (leaves g z)) /\
     forall w, writes g w -> place_of g w = word_at a -> w = z \/ modified g w z).

(** A call that moves the word, such as a deferral that is taken over later, happens before the run: also
    plain memory is safe. *)
Definition orders_hand_over : Prop := forall g a call run,
  consistent g -> moves_by_the_table g a -> is_fenced g a ->
  calls a call -> fences_first g a call -> kind_of g call = Updating -> starts_a_run a run -> later g call run ->
  happens_before g (fence_before a call) (fence_after a run).

(** * G2 exclusion *)

(** Between the starts of two runs the first one finishes, and what it did happens before the second one. *)
Definition orders_exclude : Prop := forall g a n x y stamp,
  (forall x y, happens_before g x y \/ ~ happens_before g x y) ->
  consistent g -> moves_by_the_table g a -> is_fenced g a -> ends_below a n -> without_leases a ->
  starts (as_move g a x) = Some stamp -> starts_a_run a y -> modified g x y ->
  exists f, ends stamp (as_move g a f) /\ modified g x f /\ modified g f y /\
    happens_before g f (fence_after a y).

(** [LOOK]: a thread that sees a run finished sees what it did. *)
Definition orders_publish : Prop := forall g a f r,
  consistent g -> moves_by_the_table g a -> is_fenced g a ->
  finishes_a_run a f -> reads g r -> is_acquire (mode_of g r) -> sees g r f ->
  happens_before g f r.

(** * G5 no wake-up is lost *)

(** A thread moves something, fences ([NOTIFY]) and finds no waiter. Another one has registered, fences
    ([REGISTER]) and looks. Unless it has left before the first thread looks for waiters, it sees the move.
    What is moved may be the word, a threshold or a clock. *)
Definition orders_wake : Prop := forall g c moved notify found registered register looks,
  consistent g -> counts_waiters g c ->
  writes g moved -> happens_before g moved notify -> sc_fence g notify -> happens_before g notify found ->
  reads g found -> place_of g found = waiters_at c -> finds g found = 0 ->
  registers c registered -> happens_before g registered register -> sc_fence g register ->
  happens_before g register looks -> reads g looks -> place_of g looks = place_of g moved ->
  (forall left, leaves_for c left registered -> ~ sees g found left) ->
  sees g looks moved.

(** * Calls that are counted *)

(** A call adds to a number ([COUNT]) and then looks at the word, without a fence. A run starts and then takes
    the number ([TELL]). Then the run sees what the caller wrote, or the caller sees the start. *)
Definition orders_count : Prop := forall g a zero added looks run taken,
  consistent g -> moves_by_the_table g a -> is_fenced g a ->
  writes g zero ->
  (forall w, writes g w -> place_of g w = place_of g zero -> w = zero \/ kind_of g w = Updating) ->
  place_of g added = place_of g zero -> place_of g taken = place_of g zero -> added <> taken ->
  kind_of g added = Updating -> mode_of g added = AcqRel ->
  kind_of g taken = Updating -> is_acquire (mode_of g taken) ->
  starts_a_run a run -> sequenced g (fence_after a run) taken ->
  sequenced g added looks -> reads g looks -> place_of g looks = word_at a ->
  happens_before g added taken \/ sees g looks run.

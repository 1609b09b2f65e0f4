/* What a side of the native wire sleeps for, as docs/native-wire.md has it: a server publishes
 * responses and dispatch messages, one or several before it fences and looks at the client's word; it
 * may have glanced at it before, without a fence, and rung; a client
 * sleeps for the ones, the others or both, may change its mind while it sleeps, and may take a
 * response that it did not sleep for. Room and closing are channel.pml's, and so is the reason why
 * stores go through a buffer.
 *
 * What is proved, for every interleaving: a client that waits for something is woken when that is
 * published, whatever it slept for before; it is not rung for when it sleeps for nothing of what was
 * published; and a word is rung for once at the most, so the socket holds no more bytes than the client
 * has stored words since it took the last ones, and one that came late.
 *
 * Planted faults, each of which the checker has to find:
 *   NO_RECHECK   a sleeper does not look again after it has said what it sleeps for
 *   NO_FENCE     a publication is not fenced from the look at the client's word
 *   KEPT_COUNT   who sleeps for something else than the last time does not store a new count
 *   SILENT       who changes its mind does not store what it wants now
 *   GREEDY       a sleeper takes the bytes when it has looked again, not when it is awake
 *   UNASKED      who publishes rings for whoever sleeps, whatever that sleeps for
 *   FORGETFUL    who rings does not remember which sleep it rang for
 *   GLANCE_ONLY  a look without a fence passes for the one that has to follow it
 */

#define TOTAL 2 /* messages of each kind that are to be published */
#define MINDS 2 /* times that the client changes its mind while it sleeps */

#define CALLS 1
#define DISPATCHES 2
#define EACH_SLEEP 8

#define SERVER 0
#define CLIENT 1

/* What a store in a buffer is for: what the server has published, or the client's word. */
#define RESPONSES 0
#define MESSAGES 1
#define WORD 2

chan buffer[2] = [4] of { byte, short };
byte published[2];
short word;
byte doorbells;
byte words; /* that the client has stored since it took the bytes */

#define fence(side) empty(buffer[side])
#define response() (published[RESPONSES] != responses)
#define dispatch() (published[MESSAGES] != dispatches)
#define something(wants) (((wants & CALLS) && response()) || ((wants & DISPATCHES) && dispatch()))
/* A client that waits for what never comes would wait rightly. */
#define comes(wants) \
  (((wants & CALLS) && responses < TOTAL) || ((wants & DISPATCHES) && dispatches < TOTAL))

active [2] proctype Memory() {
  byte side = _pid;
  byte what;
  short value;
end:
  do
  :: atomic {
       buffer[side]?what, value ->
       if
       :: what == WORD -> word = value
       :: else -> published[what] = value
       fi;
       what = 0;
       value = 0
     }
  od
}

active proctype Server() {
  byte responses, dispatches, did;
  short rung, seen;
  bool fenced, glanced;
  do
  :: responses < TOTAL ->
     responses++;
     buffer[SERVER]!RESPONSES, responses;
     did = did | CALLS
  :: dispatches < TOTAL ->
     dispatches++;
     buffer[SERVER]!MESSAGES, dispatches;
     did = did | DISPATCHES
  :: did ->
     if
#ifdef NO_FENCE
     :: fenced = true
#else
     :: fence(SERVER) -> fenced = true
#endif
     :: !glanced -> glanced = true
     fi;
     atomic {
       seen = word;
       if
#ifdef UNASKED
       :: (seen & (CALLS | DISPATCHES)) && seen != rung ->
#else
#ifdef FORGETFUL
       :: seen & did ->
#else
       :: (seen & did) && seen != rung ->
#endif
#endif
          assert(seen & did);
          rung = seen;
          doorbells++;
          assert(doorbells <= words + 1)
       :: else -> skip
       fi;
#ifdef GLANCE_ONLY
       did = 0;
#else
       if
       :: fenced -> did = 0; glanced = false
       :: else -> skip
       fi;
#endif
       fenced = false;
       seen = 0
     }
  :: responses == TOTAL && dispatches == TOTAL && !did -> break
  od
}

/* Dispatch messages that are there may go on waiting for the client's loop, responses are taken. */
#define may_choose() (responses < TOTAL || (dispatches < TOTAL && !dispatch()))
inline choose() {
  if
  :: responses < TOTAL -> wants = CALLS
  :: dispatches < TOTAL && !dispatch() -> wants = DISPATCHES
  :: responses < TOTAL && !dispatch() -> wants = CALLS | DISPATCHES
  :: minds < MINDS && !dispatch() -> minds++; wants = DISPATCHES /* though none may come */
  fi
}

/* S1 and S2. */
inline say() {
#ifdef KEPT_COUNT
  if
  :: wants == before -> count = count + EACH_SLEEP
  :: else -> skip
  fi;
#else
  count = count + EACH_SLEEP;
#endif
  before = wants;
  atomic {
    buffer[CLIENT]!WORD, count | wants;
    words++
  };
  fence(CLIENT)
}

active proctype Client() {
  byte responses, dispatches, wants, before, minds;
  short count;
  do
  :: response() -> responses++
  :: dispatch() -> dispatches++
  :: responses == TOTAL && dispatches == TOTAL -> break
  :: atomic { !response() && may_choose() -> choose() };
     say();
     do
#ifdef NO_RECHECK
     :: true ->
#else
     :: something(wants) -> break
     :: !something(wants) ->
#endif
        if
        :: comes(wants) ->
#ifdef GREEDY
           atomic { doorbells = 0; words = 0 };
#endif
           doorbells > 0;
           break
        :: atomic { minds < MINDS && may_choose() -> minds++; choose() };
#ifndef SILENT
           say()
#endif
        :: !(wants & CALLS) && response() -> responses++
        :: !comes(wants) -> break
        fi
     od;
     /* S5. */
     buffer[CLIENT]!WORD, count;
     atomic { doorbells = 0; words = 0 }
  od
}

/* One ring of the native wire between a producer and a consumer, each with its sleep word and its end
 * of the socket, as docs/native-wire.md has them: publication, sleeping, waking, and closing. The
 * producer sleeps for room, the consumer for records; what else there is to sleep for is sleep.pml's.
 *
 * Stores to shared memory go through a buffer of their writer's, first in, first out, which empties at
 * any later moment, as a processor's does; a fence waits until it is empty. A system call is a fence.
 *
 * What is proved, for every interleaving: no wake-up is lost, so nobody sleeps for ever while there is
 * something to do (an invalid end state otherwise); no record is overwritten before it was read, nor
 * read before it was written, nor taken for one that an earlier lap left there; a doorbell is rung once at the most for one sleep, so the socket never
 * fills; and when one side has closed, the other reads what is left and ends.
 *
 * Planted faults, each of which the checker has to find:
 *   NO_RECHECK   a sleeper does not look again after it has said that it sleeps
 *   NO_FENCE     a publication is not fenced from the look at the peer's word
 *   OFF_BY_ONE   the test for room lets one record too many in
 *   NO_RELEASE   a record's first word may become visible before the rest of it
 *   NO_CLEAR     the first word behind a record is not cleared, so that an earlier lap's is there
 *   LATE_CLEAR   it is cleared when the record was published already
 *   DEAF         a sleeper does not notice that its peer has closed
 *   FORGETFUL    who rings does not remember which sleep it rang for
 *   NO_COUNT     a sleep's word is the same as that of the sleep before
 *   GREEDY       a sleeper takes the bytes when it has looked again, not when it is awake
 */

#define SIZE 2  /* records that the ring has room for: one place more says that there is none */
#define PLACES (SIZE + 1)
#define TOTAL 5 /* records that are to be sent */

#define PRODUCER 0
#define CONSUMER 1
#define other(side) (1 - side)

/* A word: what its side sleeps for in the low bits, none when it is awake; above them the count. */
#define RECORDS 1
#define ROOM 4
#define EACH_SLEEP 8
#define wanted_by(side) (side == PRODUCER -> ROOM : RECORDS)

/* What a store in a buffer is for: the consumer's head, a side's word, or, in a place of the ring, a
 * record's first word or the rest of it. */
#define HEAD 0
#define WORD 1
#define FIRST 2
#define REST (FIRST + PLACES)

#ifdef OFF_BY_ONE
#define LIMIT (SIZE + 1)
#else
#define LIMIT SIZE
#endif

chan buffer[2] = [4] of { byte, short };
byte head_seen; /* the consumer's, as it is in memory */
short word[2];
bool first[PLACES];
byte rest[PLACES];

byte doorbells[2]; /* bytes on the socket, on their way to a side */
bool closed[2];

#define fence(side) empty(buffer[side])

/* Whether a side has something to do, by what is seen now: the consumer's head, or a first word. */
#define work(side, mine) (side == PRODUCER -> mine - head_seen < LIMIT : first[mine % PLACES])

active [2] proctype Memory() {
  byte side = _pid;
  byte what;
  short value;
end:
  do
  :: atomic {
       buffer[side]?what, value ->
       if
       :: what == HEAD -> head_seen = value
       :: what == WORD -> word[side] = value
       :: what >= FIRST && what < REST -> first[what - FIRST] = value
       :: else -> rest[what - REST] = value
       fi;
       what = 0;
       value = 0
     }
  od
}

/* S1 to S5. */
inline sleep(side, mine, count) {
#ifndef NO_COUNT
  count = count + EACH_SLEEP;
#endif
  buffer[side]!WORD, count | wanted_by(side);
  fence(side);
#ifdef NO_RECHECK
  if
  :: true ->
#else
  if
  :: work(side, mine) || closed[other(side)] -> skip
  :: else ->
#endif
#ifdef GREEDY
     doorbells[side] = 0;
#endif
#ifdef DEAF
     doorbells[side] > 0
#else
     doorbells[side] > 0 || closed[other(side)]
#endif
  fi;
  buffer[side]!WORD, count;
  doorbells[side] = 0
}

/* P2 to P4; the record or the head is stored already. */
inline ring(side, rung, seen) {
#ifndef NO_FENCE
  fence(side);
#endif
  atomic {
    seen = word[other(side)];
    if
#ifdef FORGETFUL
    :: seen & wanted_by(other(side)) ->
#else
    :: (seen & wanted_by(other(side))) && seen != rung ->
#endif
       rung = seen;
       doorbells[other(side)]++;
       /* One that rings for a sleep, and one that was too late for the sleep before. */
       assert(doorbells[other(side)] <= 2)
    :: else -> skip
    fi;
    seen = 0
  }
}

active proctype Producer() {
  byte tail;
  short count, rung, seen;
  do
  :: tail == TOTAL || closed[CONSUMER] -> break
  :: tail < TOTAL -> break /* it may close at any time */
  :: tail < TOTAL && !closed[CONSUMER] ->
     if
     :: work(PRODUCER, tail) ->
#ifndef NO_CLEAR
#ifndef LATE_CLEAR
        buffer[PRODUCER]!FIRST + (tail + 1) % PLACES, false;
#endif
#endif
#ifdef NO_RELEASE
        buffer[PRODUCER]!FIRST + tail % PLACES, true;
        buffer[PRODUCER]!REST + tail % PLACES, tail + 1;
#else
        buffer[PRODUCER]!REST + tail % PLACES, tail + 1;
        buffer[PRODUCER]!FIRST + tail % PLACES, true;
#endif
#ifdef LATE_CLEAR
        buffer[PRODUCER]!FIRST + (tail + 1) % PLACES, false;
#endif
        tail++;
        ring(PRODUCER, rung, seen)
     :: else -> sleep(PRODUCER, tail, count)
     fi
  od;
  fence(PRODUCER);
  closed[PRODUCER] = true
}

active proctype Consumer() {
  byte head;
  short count, rung, seen;
  do
  :: work(CONSUMER, head) ->
     assert(rest[head % PLACES] == head + 1);
     head++;
     buffer[CONSUMER]!HEAD, head;
     ring(CONSUMER, rung, seen)
  :: !work(CONSUMER, head) && closed[PRODUCER] ->
     if
     :: work(CONSUMER, head) -> skip /* it came before the end */
     :: else -> break
     fi
  :: !work(CONSUMER, head) && !closed[PRODUCER] -> sleep(CONSUMER, head, count)
  :: true -> break /* it may close at any time */
  od;
  fence(CONSUMER);
  closed[CONSUMER] = true
}

/* One ring of the native wire between a producer and a consumer, each with its sleep word and its end
 * of the socket, as docs/native-wire.md has them: publication, sleeping, waking, and closing.
 *
 * Stores to shared memory go through a buffer of their writer's, first in, first out, which empties at
 * any later moment, as a processor's does; a fence waits until it is empty. A system call is a fence.
 *
 * What is proved, for every interleaving: no wake-up is lost, so nobody sleeps for ever while there is
 * something to do (an invalid end state otherwise); no record is overwritten before it was read, nor
 * read before it was written; a doorbell is rung once at the most for one sleep, so the socket never
 * fills; and when one side has closed, the other reads what is left and ends.
 *
 * Planted faults, each of which the checker has to find:
 *   NO_RECHECK   a sleeper does not look again after it has said that it sleeps
 *   NO_FENCE     a publication is not fenced from the look at the peer's word
 *   OFF_BY_ONE   the test for room lets one record too many in
 *   NO_RELEASE   the index may become visible before the record
 *   DEAF         a sleeper does not notice that its peer has closed
 *   FORGETFUL    who rings does not remember which sleep it rang for
 */

#define SIZE 2  /* records that the ring has room for */
#define TOTAL 5 /* records that are to be sent */

#define PRODUCER 0
#define CONSUMER 1
#define other(side) (1 - side)

/* What a store in a buffer is for: a side's index, its word, or a place in the ring. */
#define INDEX 0
#define WORD 1
#define PLACE 2

#ifdef OFF_BY_ONE
#define LIMIT (SIZE + 1)
#else
#define LIMIT SIZE
#endif

chan buffer[2] = [4] of { byte, byte };
byte index[2]; /* the producer's tail, the consumer's head */
byte word[2];
byte place[SIZE];

byte doorbells[2]; /* bytes on the socket, on their way to a side */
bool closed[2];

#define fence(side) empty(buffer[side])
#define odd(value) (value % 2 == 1)

/* Whether a side has something to do, by the peer's index as it is seen now. */
#define work(side, mine) (side == PRODUCER -> mine - index[CONSUMER] < LIMIT : index[PRODUCER] != mine)

active [2] proctype Memory() {
  byte side = _pid;
  byte what, value;
end:
  do
  :: atomic {
       buffer[side]?what, value ->
       if
       :: what == INDEX -> index[side] = value
       :: what == WORD -> word[side] = value
       :: else -> place[what - PLACE] = value
       fi;
       what = 0;
       value = 0
     }
  od
}

/* S1 to S5. */
inline sleep(side, mine, my_word) {
  my_word++;
  buffer[side]!WORD, my_word;
  fence(side);
#ifdef NO_RECHECK
  if
  :: true ->
#else
  if
  :: work(side, mine) || closed[other(side)] -> skip
  :: else ->
#endif
#ifdef DEAF
     doorbells[side] > 0
#else
     doorbells[side] > 0 || closed[other(side)]
#endif
  fi;
  my_word++;
  buffer[side]!WORD, my_word;
  doorbells[side] = 0
}

/* P2 to P4; the index is stored already. */
inline ring(side, rung, seen) {
#ifndef NO_FENCE
  fence(side);
#endif
  atomic {
    seen = word[other(side)];
    if
#ifdef FORGETFUL
    :: odd(seen) ->
#else
    :: odd(seen) && seen != rung ->
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
  byte tail, my_word, rung, seen;
  do
  :: tail == TOTAL || closed[CONSUMER] -> break
  :: tail < TOTAL -> break /* it may close at any time */
  :: tail < TOTAL && !closed[CONSUMER] ->
     if
     :: work(PRODUCER, tail) ->
#ifdef NO_RELEASE
        buffer[PRODUCER]!INDEX, tail + 1;
        buffer[PRODUCER]!PLACE + tail % SIZE, tail + 1;
#else
        buffer[PRODUCER]!PLACE + tail % SIZE, tail + 1;
        buffer[PRODUCER]!INDEX, tail + 1;
#endif
        tail++;
        ring(PRODUCER, rung, seen)
     :: else -> sleep(PRODUCER, tail, my_word)
     fi
  od;
  fence(PRODUCER);
  closed[PRODUCER] = true
}

active proctype Consumer() {
  byte head, my_word, rung, seen;
  do
  :: work(CONSUMER, head) ->
     assert(place[head % SIZE] == head + 1);
     head++;
     buffer[CONSUMER]!INDEX, head;
     ring(CONSUMER, rung, seen)
  :: !work(CONSUMER, head) && closed[PRODUCER] ->
     if
     :: work(CONSUMER, head) -> skip /* it came before the end */
     :: else -> break
     fi
  :: !work(CONSUMER, head) && !closed[PRODUCER] -> sleep(CONSUMER, head, my_word)
  :: true -> break /* it may close at any time */
  od;
  fence(CONSUMER);
  closed[CONSUMER] = true
}

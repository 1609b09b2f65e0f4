import { threadPoll } from '@coroipc/core';
import { pollConformance } from '@coroipc/core/testing';
import { test } from 'vitest';
import { descriptors, player } from './scenes.js';

pollConformance(
  'thread',
  threadPoll,
  { test },
  { descriptors, scenario: player('thread', 'main') },
);

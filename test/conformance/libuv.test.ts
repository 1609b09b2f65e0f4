import { libuvPoll } from '@coroipc/adapter-libuv';
import { pollConformance } from '@coroipc/core/testing';
import { test } from 'vitest';
import { descriptors, player } from './scenes.js';

pollConformance('libuv', libuvPoll, { test }, { descriptors, scenario: player('libuv', 'main') });

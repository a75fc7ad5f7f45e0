import { expect, it } from 'vitest';
import { neglectedOf } from './neglected';

it('counts all whom nobody speaks to, not those of segments', () => {
  const silence = [
    { customers: 7113, neglected: { value: 379 / 7113 } },
    { customers: 100, neglected: { value: 0.5 } },
  ];
  expect(neglectedOf(silence)).toBe(379);
});

it('counts nobody where nothing is known', () => {
  expect(neglectedOf([])).toBe(0);
  expect(neglectedOf([{ customers: 0, neglected: { value: null } }])).toBe(0);
});

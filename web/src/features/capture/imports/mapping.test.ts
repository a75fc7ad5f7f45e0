import { describe, expect, test } from 'vitest';
import { at, doubts, exampleOf, names, put, putNames, putTime, putValue, tell, told } from './mapping';

describe('the document of a mapping', () => {
  const document = {
    source: 'till',
    form: { column: 'kind', map: { k: 'call' }, other: 'visit' },
    time: { column: 'day', format: '%d.%m.%Y' },
    value: { column: 'sum', decimal: ',', currency: 'EUR' },
    skip: [{ because: 'a test', when: [{ column: 'k', equals: 'x' }] }],
  };

  test('a change leaves everything else as it was', () => {
    const changed = tell(document, 'signal.event', { kind: 'constant', text: 'order' });
    expect(changed).toEqual({ ...document, signal: { event: 'order' } });
    expect(tell(changed, 'signal.event', { kind: 'none' })).toEqual(document);
    expect(put(document, 'value.thousands', '.')).toMatchObject({ value: { ...document.value, thousands: '.' } });
  });

  test('a table of values stays when its column changes', () => {
    expect(told(document, 'form')).toEqual({ kind: 'column', column: 'kind', hasTable: true });
    const changed = tell(document, 'form', { kind: 'column', column: 'sort', hasTable: true });
    expect(at(changed, 'form')).toEqual({ column: 'sort', map: { k: 'call' }, other: 'visit' });
  });

  test('an amount is of one column, of two, or there is none', () => {
    expect(at(putValue(document, ['n', 'price']), 'value')).toEqual({
      product: ['n', 'price'],
      decimal: ',',
      currency: 'EUR',
    });
    expect(at(putValue(document, []), 'value')).toBeUndefined();
    expect(at(putValue({}, ['sum']), 'value')).toEqual({ column: 'sum', currency: 'EUR' });
  });

  test('the moment is told in one way', () => {
    expect(at(putTime(document, 'at', 'iso', 'Europe/Paris'), 'time')).toEqual({ column: 'at', zone: 'Europe/Paris' });
    expect(at(putTime(document, '', '', ''), 'time')).toEqual({ constant: '2000-01-01' });
  });

  test('mail addresses are read in small letters', () => {
    const changed = putNames(document, [{ namespace: 'email', column: 'mail' }]);
    expect(names(changed)).toEqual([{ namespace: 'email', column: 'mail', lowercase: true }]);
    expect(at(putNames(changed, []), 'person')).toBeUndefined();
  });

  test('what is doubtful is named', () => {
    expect(doubts(document)).toEqual(['no_person', 'no_id', 'currency']);
    expect(doubts({ time: { constant: '2000-01-01' }, id: ['n'], form: 'visit' })).toEqual([
      'no_person',
      'no_time',
      'form',
    ]);
  });

  test('patterns are shown by an example', () => {
    expect(exampleOf('%d.%m.%Y %H:%M')).toBe('31.12.2026 18:45');
  });
});

import { expect, it } from 'vitest';
import { deviceOf } from './device';

it('a session is told by browser and system', () => {
  const check = (agent: string, browser: string, system: string) =>
    expect(deviceOf(agent), agent).toEqual({ browser, system });
  const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
  check(`Mozilla/5.0 (X11; Linux x86_64) ${webkit} HeadlessChrome/156.0.0.0 Safari/537.36`, 'Chrome', 'Linux');
  check(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/140.0 Safari/537.36 Edg/140.0`, 'Edge', 'Windows');
  check('Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 'Firefox', 'Android');
  check(
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1',
    'Safari',
    'iOS',
  );
  check('curl/8.5.0', '', '');
});

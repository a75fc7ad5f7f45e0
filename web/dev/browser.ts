// Stands in for the browser in unit tests: the few globals that modules read when they are loaded.
import { vi } from 'vitest';

vi.stubGlobal('navigator', { languages: ['en'] });
vi.stubGlobal('location', new URL('http://127.0.0.1/'));

// Starts the application. A one-time link is used up, and its token gone from the address, before anything is shown.
import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import App from './app/App.svelte';
import { language } from './app/i18n/language.svelte';
import { theme } from './app/theme.svelte';
import { arrive } from './features/account/arrive';

theme.show();
document.documentElement.lang = language.code;

const target = document.getElementById('app');
if (target) void arrive().then(() => mount(App, { target }));

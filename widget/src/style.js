// How the window looks: small, calm, the whole screen on a telephone, light and dark as the visitor's system is.
export const style = `
  .panel { --rim: var(--edge, #1c5799); --paper: #fffefb; --ink: #1b2228; --soft: #545d66; --line: #dcd7cb; --theirs: #edeae2;
    position: fixed; z-index: 2147483000; inset-block-end: 88px; inset-inline-end: 20px; display: flex; flex-direction: column;
    width: min(370px, calc(100vw - 40px)); height: min(560px, calc(100dvh - 120px)); overflow: hidden; border-radius: 12px;
    background: var(--paper); color: var(--ink); font: 400 15px/1.45 system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
    box-shadow: 0 6px 30px #0005; }
  .panel[hidden], .panel [hidden] { display: none; }
  header { display: flex; align-items: center; justify-content: space-between; padding: 10px 14px; background: var(--colour, #1c5799); color: var(--on, #fff); }
  header img { max-width: 96px; max-height: 32px; margin-inline-end: 10px; border-radius: 4px; background: #fff; }
  h2 { flex: 1; margin: 0; font-size: 16px; font-weight: 600; }
  button, textarea, input { font: inherit; color: inherit; }
  .close { min-width: 36px; min-height: 36px; border: 0; background: none; font-size: 24px; line-height: 1; cursor: pointer; }
  .log { flex: 1; overflow-y: auto; padding: 12px; overscroll-behavior: contain; }
  .greeting { margin: 4px 0 12px; color: var(--soft); text-align: center; }
  .one { max-width: 84%; margin-block-end: 10px; }
  .one p { width: fit-content; margin: 0; padding: 8px 12px; border-radius: 12px; background: var(--theirs); white-space: pre-wrap; overflow-wrap: anywhere; }
  .one small { color: var(--soft); font-size: 12px; }
  .mine { margin-inline-start: auto; text-align: end; }
  .mine p { margin-inline-start: auto; background: var(--colour, #1c5799); color: var(--on, #fff); text-align: start; }
  .one a { color: inherit; }
  .file { display: block; min-height: 24px; padding: 0; border: 0; background: none; text-align: start; text-decoration: underline; cursor: pointer; }
  .add { position: relative; display: grid; place-items: center; min-width: 40px; min-height: 40px; border: 1px solid #8b8f8f; border-radius: 8px; cursor: pointer; }
  .add input { position: absolute; inset: 0; min-width: 0; opacity: 0; cursor: pointer; }
  .add:focus-within { outline: 2px solid var(--rim); outline-offset: 2px; }
  .ear { padding: 0; background: none; }
  .ear[aria-pressed='true'] { border-color: #a3271f; background: #a3271f; color: #fff; }
  .choices { display: flex; flex-wrap: wrap; gap: 6px; margin-block-end: 10px; }
  .choices button { min-height: 36px; padding: 4px 12px; border: 1px solid var(--rim); border-radius: 18px; background: none; cursor: pointer; text-align: start; }
  .typing { min-height: 20px; margin: 0; padding: 0 14px; color: var(--soft); font-size: 13px; }
  .talk { display: flex; gap: 8px; padding: 8px 12px; border-block-start: 1px solid var(--line); }
  .talk textarea { flex: 1; resize: none; }
  textarea, input { box-sizing: border-box; width: 100%; padding: 8px 10px; border: 1px solid #8b8f8f; border-radius: 8px; background: var(--paper); }
  .main { min-height: 40px; padding: 6px 14px; border: 0; border-radius: 8px; background: var(--colour, #1c5799); color: var(--on, #fff); cursor: pointer; }
  .mail { display: grid; gap: 10px; flex: 1; align-content: start; overflow-y: auto; padding: 14px; }
  .mail label { display: grid; gap: 3px; font-size: 14px; }
  .told { margin: 0; padding: 0 14px; color: #12694a; font-weight: 600; }
  .rate { flex: none; max-height: 62%; margin: 0 12px 8px; overflow-y: auto; }
  .rate fieldset { min-width: 0; margin: 0; padding: 8px 10px; border: 1px solid var(--line); border-radius: 8px; overflow-wrap: anywhere; }
  .rate legend { padding: 0 4px; font-size: 14px; }
  .rate p { margin: 4px 0; }
  .step { color: var(--soft); font-size: 12px; }
  .scale { display: grid; grid-template-columns: repeat(auto-fit, minmax(32px, 1fr)); gap: 4px; }
  .scale.wide { grid-template-columns: repeat(6, 1fr); }
  .scale button { min-width: 0; min-height: 40px; padding: 0; border: 1px solid #8b8f8f; border-radius: 8px; background: none; cursor: pointer; }
  .pick { display: flex; gap: 6px; align-items: center; min-height: 28px; cursor: pointer; }
  .scale .pick { flex-direction: column; gap: 2px; justify-content: center; }
  .pick input { flex: none; width: 18px; height: 18px; margin: 0; accent-color: var(--rim); }
  .foot { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; margin-block-start: 6px; font-size: 13px; }
  .ends { display: flex; justify-content: space-between; margin: 4px 0 0; color: var(--soft); font-size: 12px; }
  footer { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: baseline; padding: 4px 14px 10px; font-size: 13px; color: var(--soft); }
  .link { min-height: 24px; padding: 0; border: 0; background: none; color: inherit; text-decoration: underline; cursor: pointer; }
  .contact { display: flex; flex-wrap: wrap; gap: 4px 10px; margin: 0; padding: 0; list-style: none; }
  :focus-visible { outline: 2px solid var(--rim); outline-offset: 2px; }
  header :focus-visible { outline-color: var(--on, #fff); }
  @media (prefers-color-scheme: dark) {
    .panel { --rim: var(--edge-dark, #7fb0ea); --paper: #1c2024; --ink: #e9e7e2; --soft: #a7afb7; --line: #31373d; --theirs: #2a3036; }
    .told { color: #62c89f; }
  }
  @media (max-width: 480px) {
    .panel { inset: 0; width: auto; height: auto; border-radius: 0; }
  }
`;

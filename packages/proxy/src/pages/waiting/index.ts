export { isThemeFile, themeFault, themeNames } from './themes.ts';
export { compileWaitingPages, type WaitingPages } from './waiting-pages.ts';

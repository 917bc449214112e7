export { isNavigation, isWakeStream } from './navigation.ts';
export { isThemeFile, themeFault, themeNames } from './themes.ts';
export { compileWaitingPages, type WaitingPageRequest, type WaitingPages } from './waiting-pages.ts';

export { compilePages, isPageName, type Page, type Pages } from './render-page.ts';
export { renderRedirect } from './render-redirect.ts';

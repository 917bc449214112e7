export { negotiate, type PageType } from './accept.ts';
export { compilePages, isPageName, renderPage, type Page, type PageRequest, type Pages } from './render-page.ts';
export { renderRedirect, type RedirectRequest } from './render-redirect.ts';

import type { EngineAccess } from '@dproxy/testkit/docker';
import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
import { removeContainers } from './engine-clean-up.ts';
import { Product } from './product.ts';

/** One product for the whole file, which follows the engine; each test leaves the engine empty. @param use gets the product */
export function startOnEngine(engine: EngineAccess, use: (product: Product) => void): void {
  let product: Product;
  beforeAll(async () => {
    product = await Product.start({ engine });
    use(product);
  });
  afterAll(async () => {
    await product[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    onTestFinished(() => removeContainers(engine));
  });
}

export { dockerOf, runContainer, type ContainerSpec, type DockerContainer } from './containers.ts';
export { startEngine, type Engine, type EngineAccess, type EngineOptions } from './engine.ts';
export { ImageRegistry } from './image-registry.ts';
export {
  bakeImage,
  BUSYBOX_IMAGE,
  importBusybox,
  importFolder,
  importImages,
  installProgram,
  NODE_IMAGE,
  type FolderImage,
} from './images.ts';
export { sharedEngine } from './shared-engine.ts';

// What urql and Apollo Client ask; Relay's documents are compiled and stand in relay/.
const NEWEST = `community { __typename id videos(sort: RECENT, first: 1) { edges { node { __typename id caption } } } }`;

export const CHART = `
  query Chart($window: TrendWindow!) {
    trendingSounds(window: $window, first: 3) { edges { rank node { __typename id title community { __typename id } } } }
  }`;

export const SOUND = `
  query Sound($id: ID!) { sound(id: $id) { __typename id title ${NEWEST} } }`;

export const NODE = `
  query Node($id: ID!) { node(id: $id) { __typename id ... on Sound { title ${NEWEST} } } }`;

export const PAGE = `
  query Page($id: ID!, $after: Cursor) {
    node(id: $id) {
      __typename
      id
      ... on Community { videos(sort: FIRST, first: 4, after: $after) { edges { node { __typename id } } pageInfo { hasNextPage endCursor } } }
    }
  }`;

export const PERSON = `
  query Person($by: UserBy!) { user(by: $by) { __typename id handle } }`;

export const PROFILE = `
  mutation Profile($input: CreateProfileInput!) {
    createProfile(input: $input) {
      __typename
      ... on CreateProfilePayload { viewer { __typename id user { __typename id handle } } }
      ... on UserError { message path }
    }
  }`;

export const RECORD = `
  mutation Record($input: CreateSoundInput!) {
    createSound(input: $input) {
      __typename
      ... on CreateSoundPayload { sound { __typename id } }
      ... on UserError { message path }
    }
  }`;

export const POST = `
  mutation Post($input: PostVideoInput!) {
    postVideo(input: $input) {
      __typename
      ... on PostVideoPayload { ${NEWEST} }
      ... on UserError { message path }
    }
  }`;

export const SEARCH = `
  query Search($query: String!) {
    search(query: $query, first: 50) {
      edges { node { __typename ... on Node { id } ... on Sound { title } ... on User { handle } ... on Hashtag { name } } }
    }
  }`;

export const NODES = `
  query Nodes($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`;

export const UNKNOWN = `
  query Unknown { sounds { id } }`;

export const RISING = `
  subscription Rising {
    trendingSounds(window: DAY, first: 3) {
      __typename
      ... on StreamCheckpoint { cursor }
      ... on TrendingSnapshot { entries { rank node { __typename id title } } }
    }
  }`;

export const ACTIVITY = `
  subscription Activity($sound: ID!, $after: Cursor) {
    communityActivity(soundId: $sound, after: $after) {
      __typename
      ... on Update { cursor }
      ... on VideoPosted { video { caption } }
    }
  }`;
